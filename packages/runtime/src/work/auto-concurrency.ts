/**
 * `concurrency: 'auto'`: looks at what became of the lanes of all threads, and tells them how many handlers each may have.
 *
 * One limit for all of them, decided on main: what handlers wait for is shared, and threads that each look for their own
 * gain at the cost of the others. A thread that replaces another starts with it.
 */
import { ConcurrencyLimit, type LaneTotals, type LimitDecision, type LimitReason } from '@zk/engine'
import type { Logger } from '../log/logger.js'

/** A line at most so often, in milliseconds. */
const TELL_MS = 10_000

interface LimitedBoard {
  concurrency: number
  readonly laneTotals: Omit<LaneTotals, 'activeMs' | 'idleMs'>
}

/** What of the threads it needs. */
export interface LimitedThreads {
  readonly boards: readonly LimitedBoard[]
  loopTimes(index: number): { idle: number; active: number } | undefined
  /** Lets them look at the limit on their boards. */
  tellLimit(): void
}

export interface AutoConcurrencyOptions {
  max: number
  threads: LimitedThreads
  logger: Logger
}

export class AutoConcurrency {
  readonly #limit: ConcurrencyLimit
  readonly #threads: LimitedThreads
  readonly #logger: Logger
  #told: { limit: number; at: number } = { limit: 1, at: Number.NEGATIVE_INFINITY }

  constructor({ max, threads, logger }: AutoConcurrencyOptions) {
    this.#limit = new ConcurrencyLimit(max)
    this.#threads = threads
    this.#logger = logger
  }

  /** Every 100 ms or so. @param now monotonic, in milliseconds */
  tick(now: number): void {
    const { boards } = this.#threads
    const decision = this.#limit.look(
      now,
      boards.map(({ laneTotals }, index) => {
        const loop = this.#threads.loopTimes(index)
        return loop && { ...laneTotals, activeMs: loop.active, idleMs: loop.idle }
      }),
    )
    const { current } = this.#limit
    if (boards[0]!.concurrency !== current) {
      for (const board of boards) board.concurrency = current
      // Lanes may all be long: nobody would look at the board before one of them ends.
      this.#threads.tellLimit()
    }
    if (decision?.resting && this.#told.limit !== current && now - this.#told.at >= TELL_MS) this.#tell(now, decision)
  }

  #tell(now: number, { to, why, handlerMs, busy }: LimitDecision): void {
    const from = this.#told.limit
    this.#told = { limit: to, at: now }
    const percent = Math.round(busy * 100)
    this.#logger.info(
      { concurrency: to, from, handlerMs, busy, why },
      `Concurrency of each thread from ${from} to ${to}: handlers take ${time(handlerMs)}, event loop ${percent} % busy, ${reasons[why]}`,
    )
  }
}

/** A line is written at rest alone, so that some never stand there. */
const reasons: { [why in LimitReason]: string } = {
  more: 'more are tried',
  fewer: 'fewer are tried',
  'more-gains-nothing': 'more at once do not pay',
  'fewer-lose': 'fewer at once lose throughput',
  'loop-busy': 'which leaves no time for more',
  'at-maximum': 'more are not allowed (maxConcurrency)',
  unused: 'more were not in use',
}

function time(ms: number): string {
  return ms < 1_000 ? `${ms.toFixed(ms < 10 ? 1 : 0)} ms` : `${(ms / 1_000).toFixed(1)} s`
}
