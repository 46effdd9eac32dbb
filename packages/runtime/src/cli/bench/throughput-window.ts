/**
 * The part of a run whose throughput counts.
 *
 * A new thread runs its handler interpreted at first, and the first fetches meet cold caches; that goes by, and would be most of
 * a short run. So the clock starts behind a warm-up, and stops before the run winds down.
 */
import type { ThreadSnapshot } from '../../work/state.js'
import type { CompletionMeter } from './completion-meter.js'
import { type Concurrency, type Figures, mean } from './figures.js'

/** Of the window's length, and of the records, whichever comes first. */
const WARM_SHARE = 0.25
/** Where this many complete in the warm-up, V8 still compiles the path of a message: such a way warms up for longer. */
const FAST_RECORDS = 5_000
/** How long such a way warms up, in milliseconds. */
const FAST_WARM_MS = 1_000
/** Concurrency 'auto' has to find its number before anything counts, in milliseconds. */
export const AUTO_WARM_MS = 3_000
/** Fewer records are no measurement: slow handlers get longer for it. */
const MIN_RECORDS = 40
const LONGEST = 5
/** When nothing completes for so long, nothing will, in milliseconds. */
export const STALL_MS = 30_000
const MIB = 1024 * 1024

export interface ThroughputWindowOptions {
  concurrency: Concurrency
  seconds: number
  /** How many records there are. */
  messages: number
  meter: CompletionMeter
  /** Of each thread: how busy it was since the last call, whoever called, and the handlers that may be in progress now. */
  threadsOf(): readonly Pick<ThreadSnapshot, 'busy' | 'concurrency'>[]
}

/** How long it is waited for a record to complete, in milliseconds: at least as long as the longest window. */
export function patienceMs({ seconds }: { seconds: number }): number {
  return Math.max(STALL_MS, Math.ceil(LONGEST * seconds * 1_000))
}

interface Opened {
  readonly at: number
  readonly loop: ReturnType<typeof performance.eventLoopUtilization>
  readonly cpu: NodeJS.CpuUsage
}

export class ThroughputWindow {
  readonly #options: ThroughputWindowOptions
  #assignedAt: number | undefined
  #firstAt: number | undefined
  #opened: Opened | undefined
  #figures: Figures | undefined
  /** When more had completed than at the look before. */
  #grewAt: number | undefined
  #seen = 0
  #rss = 0

  constructor(options: ThroughputWindowOptions) {
    this.#options = options
  }

  assigned(now: number): void {
    if (this.#assignedAt !== undefined) return
    this.#assignedAt = now
    // A run that is over before the warm-up is counted as a whole.
    this.#open(now)
  }

  /** @param now by `performance.now()` @returns whether all is measured */
  look(now: number): boolean {
    const { meter, seconds, messages } = this.#options
    if (this.#figures !== undefined) return true
    if (this.#opened === undefined || meter.total === 0) return false
    this.#rss = Math.max(this.#rss, process.memoryUsage.rss())
    const grew = meter.total > this.#seen
    if (grew) this.#grewAt = now
    this.#seen = meter.total
    if (meter.total >= messages) {
      this.#close(now)
      return true
    }
    if (this.#firstAt === undefined) this.#firstAt = now
    if (this.#opened.at === this.#assignedAt) {
      const isWarm = this.#isWarm(now - this.#firstAt)
      // Where no more comes, what was counted is all there is.
      if (isWarm && grew) {
        meter.clear()
        this.#open(now)
      }
      return false
    }
    const elapsed = (now - this.#opened.at) / 1_000
    const wanted = elapsed < LONGEST * seconds ? MIN_RECORDS : 1
    // Closed by an end, as it was opened by one: handlers that take equally long end in waves, and a second holds a part of one.
    if (elapsed < seconds || meter.count < wanted || !grew) return false
    this.#close(now)
    return true
  }

  /** @param ms since the first record */
  #isWarm(ms: number): boolean {
    const { meter, seconds, messages } = this.#options
    if (meter.total >= messages * WARM_SHARE) return true
    if (ms < Math.max(seconds * 1_000 * WARM_SHARE, this.#isAuto ? AUTO_WARM_MS : 0)) return false
    return meter.total < FAST_RECORDS || ms >= FAST_WARM_MS
  }

  get #isAuto(): boolean {
    return this.#options.concurrency === 'auto'
  }

  /** Whether so long nothing has completed, since the run got its partitions. */
  isStalled(now: number): boolean {
    const movedAt = this.#grewAt ?? this.#assignedAt
    return movedAt !== undefined && now - movedAt >= patienceMs(this.#options)
  }

  /** Of what has been measured; of a run that ended before, up to its last records: leaving the group is no part of them. */
  figures(now: number): Figures {
    const isOver = this.#seen === this.#options.meter.total
    if (this.#figures === undefined) this.#close(isOver ? (this.#grewAt ?? now) : now)
    return this.#figures!
  }

  #open(at: number): void {
    this.#options.threadsOf()
    this.#opened = { at, loop: performance.eventLoopUtilization(), cpu: process.cpuUsage() }
  }

  #close(now: number): void {
    const { meter, concurrency } = this.#options
    const threads = this.#options.threadsOf()
    const { at, loop, cpu } = this.#opened ?? { at: now, loop: undefined, cpu: undefined }
    const micros = Math.max(1, ((meter.targetAt ?? now) - at) * 1_000)
    const { user, system } = process.cpuUsage(cpu)
    const lanes = concurrency === 'auto' ? Math.max(1, mean(threads.map((thread) => thread.concurrency))) : concurrency
    this.#figures = {
      perSecond: (meter.count / micros) * 1e6,
      handlerMeanUs: meter.handler.mean,
      handlerP50Us: meter.handler.percentile(0.5),
      handlerP99Us: meter.handler.percentile(0.99),
      endToEndP50Ms: undefined,
      endToEndP99Ms: undefined,
      busy: threads.map(({ busy }) => busy),
      occupied: [...meter.microsOf].map((busy) => Math.min(1, busy / (micros * lanes))),
      autoLanes: this.#isAuto ? lanes : undefined,
      mainBusy: performance.eventLoopUtilization(loop).utilization,
      cpuUsPerMessage: meter.count === 0 ? 0 : (user + system) / meter.count,
      rssMb: Math.max(this.#rss, process.memoryUsage.rss()) / MIB,
    }
  }
}
