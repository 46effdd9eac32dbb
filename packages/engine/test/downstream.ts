/** Threads whose handlers wait for a modelled service, seen as `ConcurrencyLimit` sees them: by totals, every 100 ms. */
import { ConcurrencyLimit, type LaneTotals, type LimitDecision } from '../src/concurrency-limit.js'

const TICK_MS = 100

/** What so many handlers in progress in one thread come to. */
export interface Behaviour {
  /** Time in the handler, in milliseconds. */
  handlerMs: number
  /** Of the event loop, 0 to 1. */
  busy: number
  /** Share of attempts that fail, default 0. */
  failing?: number
  /** Share of ends for which a record stands ready, default 1. */
  followed?: number
  /** Handlers that are really in progress, default all that may be. */
  inProgress?: number
}

export type Downstream = (lanes: number) => Behaviour

/** Serves `capacity` handlers at once, and the others wait in line. */
export const pool =
  (capacity: number, ms = 5, busyEach = 0.001): Downstream =>
  (lanes) => ({
    handlerMs: ms * Math.max(1, lanes / capacity),
    busy: Math.min(1, Math.min(lanes, capacity) * busyEach),
  })

/** Each handler computes for `cpuMs` and waits for `waitMs`, one thread. */
export const computing =
  (cpuMs: number, waitMs: number): Downstream =>
  (lanes) => {
    const rate = Math.min(lanes / (cpuMs + waitMs), 1 / cpuMs)
    return { handlerMs: lanes / rate, busy: rate * cpuMs }
  }

/** Handlers a millisecond. */
export function throughput(downstream: Downstream, lanes: number): number {
  const { handlerMs, inProgress = lanes } = downstream(lanes)
  return inProgress / handlerMs
}

export function best(downstream: Downstream, max: number): number {
  let most = 0
  for (let lanes = 1; lanes <= max; lanes++) most = Math.max(most, throughput(downstream, lanes))
  return most
}

export class Bench {
  readonly limit: ConcurrencyLimit
  readonly decisions: LimitDecision[] = []
  /** The limit that was in use before each decision. */
  readonly limits: number[] = []
  readonly #totals: LaneTotals[]
  #now = 0

  constructor(max: number, threads = 1) {
    this.limit = new ConcurrencyLimit(max)
    const none = { ended: 0, succeeded: 0, spentMs: 0, followed: 0, activeMs: 0, idleMs: 0 }
    this.#totals = Array.from({ length: threads }, () => none)
  }

  /** One look. @param noise by which handler times differ from the model's, such as 0.05 or -0.05 */
  tick(downstream: Downstream, noise = 0): LimitDecision | undefined {
    const lanes = this.limit.current
    const { handlerMs, busy, failing = 0, followed = 1, inProgress = lanes } = downstream(lanes)
    this.#now += TICK_MS
    const ended = (inProgress * TICK_MS) / (handlerMs * (1 + noise))
    for (const [thread, before] of this.#totals.entries()) {
      this.#totals[thread] = {
        ended: before.ended + ended,
        succeeded: before.succeeded + ended * (1 - failing),
        spentMs: before.spentMs + inProgress * TICK_MS,
        followed: before.followed + ended * followed,
        activeMs: before.activeMs + TICK_MS * busy,
        idleMs: before.idleMs + TICK_MS * (1 - busy),
      }
    }
    const decision = this.limit.look(this.#now, this.#totals)
    if (decision !== undefined) {
      this.decisions.push(decision)
      this.limits.push(lanes)
    }
    return decision
  }

  /** @param noise asked for each look */
  decide(times: number, downstream: Downstream, noise: () => number = () => 0): void {
    const until = this.decisions.length + times
    for (let ticks = 0; this.decisions.length < until; ticks++) {
      if (ticks > 100 * times) throw new Error('nothing is decided any more')
      this.tick(downstream, noise())
    }
  }
}

/** Numbers from -1 to 1, the same for the same seed (mulberry32). */
export function noiseOf(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 31 - 1
  }
}
