/** What both sides of `hop` have in common. Each is a process of its own: neither has the other's garbage, or its compiled code. */
import { Clock } from './clock.js'

export const VALUE_BYTES = 200
/** Messages that may be on their way. */
export const HOP_WINDOW = 8_192

/** @returns how many messages there were: some more where they come in batches */
type Hop = (threads: number, messages: number, clock: Clock) => Promise<number>

/** Runs a side with the threads and messages of the command line, and tells on stdout how fast that was. */
export async function tellHop(hop: Hop): Promise<void> {
  const [threads, messages] = [Number(process.argv[2]), Number(process.argv[3])]
  const clock = new Clock(messages)
  console.log(JSON.stringify(clock.stop(await hop(threads, messages, clock))))
  // Its threads have no more to do.
  process.exit()
}
