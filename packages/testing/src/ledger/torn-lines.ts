import { diedOfForce } from './ends-of-work.js'
import type { IndexedLedger } from './indexed-ledger.js'
import { outlived, type ProcessLog } from './process-log.js'

/**
 * Only the death of its writer cuts a line short. So for each torn line there must be a process that died of force no
 * earlier than that, and that can have torn it: each of its threads at most one, with one thread to spare of which no
 * whole line is there.
 *
 * @returns those for which there is none, in the form of malformed lines.
 */
export function unexplainedTears(torn: readonly number[], { processes }: IndexedLedger): [number, string][] {
  const left = new Map<ProcessLog, number>()
  for (const process of processes) if (diedOfForce(process)) left.set(process, process.said.size + 1)
  return torn.flatMap((number): [number, string][] => {
    for (const [process, count] of left) {
      const ended = process.exit !== undefined && process.exit.number < number
      if (count === 0 || ended || outlived(process, number) !== undefined) continue
      left.set(process, count - 1)
      return []
    }
    return [[number, 'is cut short, and no process died that can have been writing it']]
  })
}
