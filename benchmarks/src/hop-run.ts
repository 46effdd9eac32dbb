/** What both sides of `hop` have in common. Each is a process of its own: neither has the other's garbage, or its compiled code. */
import { Clock } from './clock.js'

export const VALUE_BYTES = 200
/** Messages that may be on their way. */
export const HOP_WINDOW = 8_192

/** Runs a side with the threads and messages of the command line, and tells on stdout how fast that was. */
export async function tellHop(hop: (threads: number, messages: number, clock: Clock) => Promise<void>): Promise<void> {
  const [threads, messages] = [Number(process.argv[2]), Number(process.argv[3])]
  const clock = new Clock(messages)
  await hop(threads, messages, clock)
  console.log(JSON.stringify(clock.stop(messages)))
  // Its threads have no more to do.
  process.exit()
}
