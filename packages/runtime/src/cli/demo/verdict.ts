/** What the demo found: every message once, each key in order, and how much faster many threads are. */
import { errors } from '../../errors.js'
import { formatTable, printJson } from '../output.js'
import type { CheckOptions } from './check-processor.js'
import type { Measurement } from './measure.js'

export interface Tally {
  /** Messages that were never processed. */
  lost: number
  /** How often one was processed again. */
  duplicates: number
  outOfOrder: number
}

export interface CheckedRun extends Measurement, Tally {}

/** Of how often each message was begun, and how often one came before its turn. */
export function tally({ times, outOfOrder }: Pick<CheckOptions, 'times' | 'outOfOrder'>): Tally {
  let lost = 0
  let duplicates = 0
  for (const n of new Int32Array(times)) {
    if (n === 0) lost++
    else duplicates += n - 1
  }
  return { lost, duplicates, outOfOrder: new Int32Array(outOfOrder)[0]! }
}

/**
 * Prints the table, or the last JSON line.
 * @throws ZkError ZK_INTERNAL when a message was lost or out of order; the speedup depends on the machine and decides nothing
 */
export function conclude(results: readonly CheckedRun[], json: boolean): void {
  const first = results[0]!
  const last = results.at(-1)!
  const sum = (of: (run: Tally) => number) => results.reduce((total, result) => total + of(result), 0)
  const verdict = {
    messages: first.messages,
    lost: sum(({ lost }) => lost),
    duplicates: sum(({ duplicates }) => duplicates),
    outOfOrder: sum(({ outOfOrder }) => outOfOrder),
    threads: last.speedup,
    speedup: Number((last.perSecond / first.perSecond).toFixed(2)),
  }
  if (!json) {
    console.log(
      formatTable([
        ['speedup', 'messages', 'seconds', 'messages/s', 'against 1', 'threads busy', 'lost', 'out of order'],
        ...results.map((result) => [
          result.speedup,
          result.messages,
          result.seconds.toFixed(1),
          Math.round(result.perSecond),
          `${(result.perSecond / first.perSecond).toFixed(2)} ×`,
          `${Math.round(result.busy * 100)} %`,
          result.lost,
          result.outOfOrder,
        ]),
      ]),
    )
    console.log(
      `\nEvery message was processed ${verdict.lost + verdict.duplicates === 0 ? 'exactly once' : 'NOT exactly once'}, ` +
        `and each key ${verdict.outOfOrder === 0 ? 'in order' : 'NOT in order'}.`,
    )
  }
  if (json) printJson({ event: 'demo', ...verdict })
  if (verdict.lost + verdict.outOfOrder > 0) {
    throw errors.ZK_INTERNAL(`The demo lost ${verdict.lost} messages and saw ${verdict.outOfOrder} out of order`)
  }
}
