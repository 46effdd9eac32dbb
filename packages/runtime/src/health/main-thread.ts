/**
 * What holds up the main thread, which owns the consumer: how long its event loop did not turn, and which of the user's
 * functions on it, listeners, hooks and logger, took a second or more.
 *
 * Every call of such a function goes through `call`: what it throws or rejects with is counted and logged, and goes no
 * further, because up there it would end the work, and as a rejection the process. What comes later, of a timer that it
 * started, is beyond that: see stray-errors.
 */
import { writeSync } from 'node:fs'
import { describeError } from '../describe-error.js'
import { askHook } from '../hooks/ask-hook.js'
import type { Logger, LogLevel } from '../log/logger.js'
import { logLevels } from '../log/logger.js'
import { runMarked } from './stray-errors.js'

/** A call that is longer is named. */
const LONG_MS = 1_000
/** How long a stop of the event loop is remembered. */
const RECENT_MS = 10_000
/** Shorter ones are how timers are. */
const NOISE_MS = 20
const MAX_BLOCKS = 10
const LOGGER = 'logger'
/** Ours wherever stray errors are watched, which is in `zk run`: what goes wrong in there later is no error of the user's. */
const OURS: ReadonlySet<string> = new Set([LOGGER, 'onEvent'])
/** The same culprit is logged once in so many milliseconds. */
const WARN_EVERY_MS = 60_000
/** Errors of one function that are logged in so many milliseconds; the others are counted. A callback runs once a record. */
const ERRORS_EACH_MS = 60_000
const MAX_ERRORS = 10

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

/** How a function of the user's failed so far. */
interface Faults {
  count: number
  /** Since when, and how often, it was logged; and how often since then it was not. */
  since: number
  logged: number
  suppressed: number
}

export class MainThread {
  readonly #logger: Logger
  readonly #blocks: Block[] = []
  readonly #blocked = new Map<string, { times: number; warnedAt: number }>()
  readonly #faults = new Map<string, Faults>()
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

  /** How often which function threw or rejected. */
  callbackErrors(): [callback: string, times: number][] {
    return [...this.#faults].map(([callback, { count }]) => [callback, count])
  }

  /**
   * Runs a function of the user's. Never throws, and leaves no rejection behind.
   *
   * @param callback what it is, for the metrics
   * @param about the same more exactly, for people
   */
  call(callback: string, run: () => unknown, about = callback): void {
    const failed = (error: unknown) => this.#failed(callback, about, error)
    const marked = OURS.has(callback) ? run : () => runMarked(run, failed)
    try {
      catchLater(this.#timed(about, marked), failed)
    } catch (error) {
      failed(error)
    }
  }

  /**
   * The same for one whose answer is wanted at once.
   *
   * @param check takes the answer over; what it throws is an error of the function
   * @returns undefined where there is no answer
   */
  ask<T>(callback: string, run: () => unknown, check: (answer: NonNullable<unknown>) => T): T | undefined {
    return askHook(
      () => this.#timed(callback, run),
      check,
      (error) => this.#failed(callback, callback, error),
    )
  }

  /** A function of the user's failed so often that this thread did not call. @param fields for the log, as where it was */
  failedElsewhere(callback: string, error: unknown, times: number, fields: object): void {
    this.#failed(callback, callback, error, times, fields)
  }

  /** The same logger, whose calls are timed, and whose errors end nothing. */
  watched(logger: Logger): Logger {
    const method = (level: LogLevel) => (first: object | string, message?: string) =>
      // As it was called: pino takes a second argument for a value to be put into the text.
      this.call(
        LOGGER,
        () => (message === undefined ? logger[level](first as object) : logger[level](first as object, message)),
        `logger.${level}`,
      )
    return Object.fromEntries(logLevels.map((level) => [level, method(level)])) as unknown as Logger
  }

  #timed(by: string, run: () => unknown): unknown {
    const started = performance.now()
    try {
      return run()
    } finally {
      const ms = performance.now() - started
      if (ms >= LONG_MS) this.#name(by, Math.round(ms))
    }
  }

  #failed(callback: string, about: string, error: unknown, times = 1, more: object = {}): void {
    const now = performance.now()
    const faults = this.#faults.get(callback) ?? { count: 0, since: now, logged: 0, suppressed: 0 }
    this.#faults.set(callback, faults)
    faults.count += times
    if (now - faults.since >= ERRORS_EACH_MS) Object.assign(faults, { since: now, logged: 0 })
    if (faults.logged >= MAX_ERRORS) {
      faults.suppressed += times
      return
    }
    faults.logged++
    const suppressed = faults.suppressed + times - 1
    faults.suppressed = 0
    if (callback === LOGGER) sayWithoutLogger(about, error)
    else {
      const fields = { err: error, callback: about, ...more, ...(suppressed > 0 && { suppressed }) }
      this.#say('error', fields, `${about} failed; the work goes on`)
    }
  }

  /** Through the user's logger, which may fail as well. */
  #say(level: LogLevel, fields: object, message: string): void {
    const failed = (error: unknown) => this.#failed(LOGGER, `logger.${level}`, error)
    try {
      catchLater(this.#logger[level](fields, message), failed)
    } catch (error) {
      failed(error)
    }
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
      const message = `${by} held up the main thread for ${ms} ms: nothing is read or committed meanwhile`
      this.#say('warn', { by, ms }, message)
    }
  }
}

/** An async function rejects, and nobody else would hear of it. */
function catchLater(result: unknown, failed: (error: unknown) => void): void {
  if (typeof (result as PromiseLike<unknown> | null | undefined)?.then !== 'function') return
  Promise.resolve(result).catch(failed)
}

/** The last resort: what the logger cannot say. Written at once, because a stream reports its own errors as events. */
function sayWithoutLogger(about: string, error: unknown): void {
  try {
    writeSync(2, `zk: ${about} failed, and what it was given is not logged: ${describeError(error).message}\n`)
  } catch {
    // There is nowhere left to say it.
  }
}
