/**
 * What holds up the main thread, which owns the consumer: how long its event loop did not turn, and which of the user's
 * functions on it, listeners and logger, took a second or more.
 */
import type { Logger, LogLevel } from '../log/logger.js'
import { logLevels } from '../log/logger.js'

/** A call that is longer is named. */
const LONG_MS = 1_000
/** How long a stop of the event loop is remembered. */
const RECENT_MS = 10_000
/** Shorter ones are how timers are. */
const NOISE_MS = 20
const MAX_BLOCKS = 10
/** The same culprit is logged once in so many milliseconds. */
const WARN_EVERY_MS = 60_000

/** A call of the user's that held up the main thread. */
export interface Block {
  /** `onEvent (committed)`, `logger.info`. */
  by: string
  ms: number
  /** When it ended. ISO 8601, UTC. */
  at: string
}

interface Stop {
  endedAt: number
  ms: number
}

export class MainThread {
  readonly #logger: Logger
  readonly #blocks: Block[] = []
  readonly #blocked = new Map<string, { times: number; warnedAt: number }>()
  #stops: Stop[] = []
  /** When the next look is due. */
  #due: number | undefined

  /** @param logger not one that is watched, which a warning about itself would hold up again */
  constructor(logger: Logger) {
    this.#logger = logger
  }

  /** Calls between two looks that are later than `periodMs` are stops of the event loop. */
  tick(now: number, periodMs: number): void {
    const late = this.#lateBy(now)
    this.#stops = this.#stops.filter(({ endedAt }) => now - endedAt < RECENT_MS)
    if (late > NOISE_MS) this.#stops.push({ endedAt: now, ms: late })
    this.#due = now + periodMs
  }

  /** Nobody looks any more: what follows is no stop. */
  rest(): void {
    this.#due = undefined
    this.#stops = []
  }

  /** The longest stop that ended in the last ten seconds, or is not over yet. */
  longestStop(now: number): { ms: number; agoMs: number } {
    const recent = this.#stops.filter(({ endedAt }) => now - endedAt < RECENT_MS)
    const longest = [...recent, { endedAt: now, ms: this.#lateBy(now) }].reduce((a, b) => (b.ms > a.ms ? b : a))
    return { ms: longest.ms, agoMs: now - longest.endedAt }
  }

  /** The last calls that took a second or more, oldest first. */
  get blocks(): readonly Block[] {
    return this.#blocks
  }

  /** The longest of the calls that took a second or more and ended in the last ten. */
  recentBlock(): Block | undefined {
    const recent = this.#blocks.filter(({ at }) => Date.now() - Date.parse(at) < RECENT_MS)
    return recent.reduce<Block | undefined>((a, b) => (a === undefined || b.ms > a.ms ? b : a), undefined)
  }

  /** How often which function took a second or more. */
  blockedTimes(): [by: string, times: number][] {
    return [...this.#blocked].map(([by, { times }]) => [by, times])
  }

  /** Runs a function of the user's. */
  timed(by: string, call: () => void): void {
    const started = performance.now()
    try {
      call()
    } finally {
      const ms = performance.now() - started
      if (ms >= LONG_MS) this.#name(by, Math.round(ms))
    }
  }

  /** The same logger, whose calls are timed. */
  watched(logger: Logger): Logger {
    const method = (level: LogLevel) => (first: object | string, message?: string) => {
      this.timed(`logger.${level}`, () => {
        // As it was called: pino takes a second argument for a value to be put into the text.
        if (message === undefined) logger[level](first as object)
        else logger[level](first as object, message)
      })
    }
    return Object.fromEntries(logLevels.map((level) => [level, method(level)])) as unknown as Logger
  }

  #lateBy(now: number): number {
    return this.#due === undefined ? 0 : Math.max(0, Math.round(now - this.#due))
  }

  #name(by: string, ms: number): void {
    this.#blocks.push({ by, ms, at: new Date().toISOString() })
    if (this.#blocks.length > MAX_BLOCKS) this.#blocks.shift()
    const { times, warnedAt } = this.#blocked.get(by) ?? { times: 0, warnedAt: Number.NEGATIVE_INFINITY }
    const now = performance.now()
    const isDue = now - warnedAt >= WARN_EVERY_MS
    this.#blocked.set(by, { times: times + 1, warnedAt: isDue ? now : warnedAt })
    if (isDue) {
      this.#logger.warn(
        { by, ms },
        `${by} held up the main thread for ${ms} ms: nothing is read or committed meanwhile`,
      )
    }
  }
}
