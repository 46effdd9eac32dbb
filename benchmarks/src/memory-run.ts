/** What both sides of the memory suite have in common. */
import { setTimeout as delay } from 'node:timers/promises'
import { type Resident, resident } from './resident.js'

/** What is in flight, and what is done of it a second, on both sides. */
export const IN_FLIGHT = 8_192
export const PER_SECOND = 640
/** Seconds until an idle process is looked at, and for which a full one is. */
const IDLE_S = 1.5
const FULL_S = 8

/** Prints the memory, after a while, as the last thing that the process does. */
export async function tellResident(mode: string): Promise<void> {
  await delay((mode === 'full' ? FULL_S : IDLE_S) * 1_000)
  const result: Resident = resident(process.pid)
  console.log(JSON.stringify(result))
  process.kill(process.pid, 'SIGKILL')
}
