/**
 * Which ways are measured, how often and in which order.
 *
 * Each way is measured once, then those that may be the best again, and those that come out close to the best twice more, forwards
 * and backwards in turn: what changes on a machine with time (its clock, its neighbours) then meets all of them alike, and medians
 * leave it out.
 *
 * A way whose run fails is left out with its error. The first asks least of processor and machine: where that fails at once, there is
 * nothing to measure.
 */
import {
  BUSY,
  type Concurrency,
  failsMore,
  mean,
  type Point,
  pointOf,
  type RunFigures,
  soundOf,
  type Way,
} from './figures.js'

/** What more handlers at a time have to gain, so that still more are tried. */
const WORTH = 1.1
/** Slower than this share of the best at the first look, a way is not looked at again. */
const CONTENDS = 0.7
/** What reaches this share of the best after its rounds is measured more often: between such ways noise would choose. */
const CLOSE = 0.85
const CLOSE_ROUNDS = 2

export interface PlanOptions {
  speedups: readonly number[]
  concurrencies: readonly Concurrency[]
  /** Leave out what cannot be worth it; else each way is measured as often as the others. */
  isSelective: boolean
  repeats: number
  run(way: Way, place: Place): Promise<RunFigures>
}

/** Where in the plan a run is, for those who wait. */
export interface Place {
  readonly round: number
  readonly rounds: number
  /** From 1, in its round. */
  readonly number: number
  /** Of the round, at most. */
  readonly of: number
}

/** A way of which a run failed. */
export interface LostWay extends Way {
  readonly error: Error
}

export interface Measured {
  /** Of each way that was measured, at least one, by speedup and concurrency. */
  readonly points: Point[]
  readonly lost: LostWay[]
}

interface Ways {
  readonly runs: Map<Way, RunFigures[]>
  readonly lost: LostWay[]
}

/** @throws what a run throws, where nothing else has been measured */
export async function measureWays(options: PlanOptions): Promise<Measured> {
  const { repeats, isSelective } = options
  const ways = await firstRound(options)
  const all = [...ways.runs.keys()]
  // The first among them: all are compared with it.
  const contenders = isSelective ? [...new Set([all[0]!, ...waysFrom(CONTENDS, ways)])] : all
  await moreRounds(options, ways, contenders, 2, repeats)
  const close = isSelective && repeats > 1 ? waysFrom(CLOSE, ways) : []
  if (close.length > 1) await moreRounds(options, ways, close, repeats + 1, repeats + CLOSE_ROUNDS)
  return { points: [...ways.runs].map(([way, runs]) => pointOf(way, runs)), lost: ways.lost }
}

async function firstRound(options: PlanOptions): Promise<Ways> {
  const { speedups, concurrencies, isSelective, repeats } = options
  const ways: Ways = { runs: new Map(), lost: [] }
  const of = speedups.length * concurrencies.length
  let number = 0
  for (const speedup of speedups) {
    let before: RunFigures | undefined
    for (const concurrency of concurrencies) {
      const way = { speedup, concurrency }
      const figures = await measure(options, ways, way, { round: 1, rounds: repeats, number: ++number, of })
      if (isSelective && (figures === undefined || !isWorthMore(figures, before))) break
      before = figures
    }
  }
  return ways
}

async function moreRounds(options: PlanOptions, ways: Ways, measured: readonly Way[], from: number, rounds: number) {
  for (let round = from; round <= rounds; round++) {
    const order = round % 2 === 0 ? [...measured].reverse() : measured
    for (const [i, way] of order.entries()) {
      if (ways.runs.has(way)) await measure(options, ways, way, { round, rounds, number: i + 1, of: order.length })
    }
  }
}

/** @returns undefined where the run failed, and the way is lost */
async function measure({ run }: PlanOptions, { runs, lost }: Ways, way: Way, place: Place) {
  try {
    const figures = await run(way, place)
    runs.set(way, [...(runs.get(way) ?? []), figures])
    return figures
  } catch (error) {
    runs.delete(way)
    if (runs.size === 0) throw error
    lost.push({ ...way, error: error as Error })
    return undefined
  }
}

/** Whether still more handlers at a time may gain something. */
function isWorthMore(now: RunFigures, before: RunFigures | undefined): boolean {
  if (mean(now.busy) >= BUSY) return false
  if (before === undefined) return true
  return !failsMore(now, before) && now.perSecond >= WORTH * before.perSecond
}

/** Sound ways that reach a share of the best of them, by what was measured so far. */
function waysFrom(share: number, { runs: all }: Ways): Way[] {
  const points = new Map([...all].map(([way, runs]) => [pointOf(way, runs), way]))
  const sound = soundOf([...points.keys()])
  const best = Math.max(...sound.map(({ perSecond }) => perSecond))
  return sound.filter(({ perSecond }) => perSecond >= share * best).map((point) => points.get(point)!)
}
