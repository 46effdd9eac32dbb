/** Two functions of the same inputs, timed alternately in one process. */

import { median } from '@zk/runtime/internal'

/** Long enough for the clock, short enough that whatever disturbs the machine meets both sides. */
const ROUND_MS = 5
/** Of each side in a run. The figure of a run is their median, so that a few that were disturbed do not count. */
const ROUNDS = 11
/** Until V8 has compiled both sides for good. */
const WARM_UP_ROUNDS = 30

export type Side = (input: never) => unknown

export interface Timings {
  /** Nanoseconds a call, one of each run. */
  own: number[]
  /** In the order of `own`. */
  bare: number[]
}

/** Where results go, so that no compiler can leave out what made them. */
let sink: unknown

/**
 * @param own Called as often as `bare`, in rounds by turns; which of them is first changes from round to round.
 * @param inputs Taken in turn: with one input, caches would be all that is measured.
 */
export function sideBySide(own: Side, bare: Side, inputs: readonly unknown[], runs: number): Timings {
  let calls = inputs.length
  while (timed(bare, inputs, calls) * calls < ROUND_MS * 1e6) calls *= 2
  const rounds = (count: number): Timings => {
    const timings: Timings = { own: [], bare: [] }
    for (let round = 0; round < count; round++) {
      if (round % 2 === 0) timings.own.push(timed(own, inputs, calls))
      timings.bare.push(timed(bare, inputs, calls))
      if (round % 2 === 1) timings.own.push(timed(own, inputs, calls))
    }
    return timings
  }
  rounds(WARM_UP_ROUNDS)
  const all = Array.from({ length: runs }, () => rounds(ROUNDS))
  return { own: all.map((run) => median(run.own)), bare: all.map((run) => median(run.bare)) }
}

/** @returns nanoseconds a call */
function timed(side: Side, inputs: readonly unknown[], calls: number): number {
  const call = side as (input: unknown) => unknown
  const started = process.hrtime.bigint()
  for (let i = 0, at = 0; i < calls; i++) {
    sink = call(inputs[at])
    at = at + 1 === inputs.length ? 0 : at + 1
  }
  return Number(process.hrtime.bigint() - started) / calls
}

/** Keeps `sink` from being a variable that nobody reads. */
export const lastResult = (): unknown => sink
