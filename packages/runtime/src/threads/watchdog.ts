/**
 * Holds handlers to their deadlines, from the main thread.
 *
 * At its deadline a handler is told: its `ctx.signal` aborts, and its thread answers at once if its event loop turns. After
 * `graceMs` more its thread is given up. One whose loop turns is retired: it starts nothing more, its other handlers end by
 * themselves or by their own deadlines, and then it is ended; guilty are those that were told and go on all the same. It does
 * not wait for a deadline that is moved after that, or one who moves his again and again would keep the thread's other keys
 * for ever: he is stopped with it, not guilty. One
 * that does not answer is held up by what is on its stack; it is ended now. Whoever merely waits behind a handler that
 * computes was never told, and is not guilty.
 *
 * A thread that has records, and runs none, is asked whether its event loop turns: a timer that a handler left behind may
 * keep it. One that gives no sign for as long as a handler may take, and its grace, is ended; nobody is guilty.
 */
import { errors } from '../errors.js'
import type { Board } from './board.js'
import { StandStills } from './stand-stills.js'
import type { ThreadEnd } from './thread-end.js'

/**
 * A thread gets at least so long to answer, in milliseconds, whatever `graceMs` is: without an answer nobody could tell the
 * handler that ignores its deadline from those that wait beside it.
 */
const ANSWER_MS = 100
/** Deadlines that lie closer together than this are looked at together, in milliseconds: a look goes over all rows. */
const LEAST_MS = 5
/**
 * The stack of a thread that has not answered for so long is looked for while its handler is still waited for, in
 * milliseconds: it takes 50 to 100 ms, and several times that where all CPUs are busy.
 */
const STACK_AFTER_MS = 25
/** Two looks at one attempt see its start at most so far apart, in milliseconds. */
const SAME_START_MS = 5
/** A thread that runs nothing is asked so often whether it is there, in milliseconds. */
const ASK_EVERY_MS = 1_000
/** How much longer the end of a thread may wait for its stack, in milliseconds. */
const STACK_MS = 150
/** The same for a thread that has given no sign for long. */
const BLOCKED_STACK_MS = 1_000

/** Of the in-flight table: what is in the threads. */
export interface SentDeliveries {
  dispatched(): readonly number[]
  nextDispatched(ticket: number): number
  readonly thread: Int32Array
  readonly sequence: Int32Array
}

export interface WatchedThreads {
  readonly boards: readonly Pick<Board, 'runningMs' | 'extensionMs' | 'current'>[]
  isUp(thread: number): boolean
  tellTimeout(thread: number, ticket: number, sequence: number): void
  tellRetire(thread: number): void
  ask(thread: number): void
  stackOf(thread: number, timeoutMs: number): Promise<string[] | undefined>
  end(thread: number, how: ThreadEnd): void
}

export interface WatchdogOptions {
  /** 0: no deadlines. */
  processTimeoutMs: number
  graceMs: number
  sent: SentDeliveries
  threads: WatchedThreads
  /** The thread is sent nothing more. */
  retire(thread: number): void
  /** A debugger is attached, or may be at any time. */
  isDebugged(): boolean
  /** Deadlines are off, told once. */
  off(): void
}

/** A handler that was told of its deadline. */
interface Told {
  readonly sequence: number
  /** When its attempt began, as far as whole milliseconds tell. */
  readonly started: number
  readonly at: number
  heard: boolean
}

/** What one look found in a thread. */
interface Found {
  /** Past deadline and grace. */
  late: number[]
  /** Past its deadline, and its thread has not answered for a while. */
  silent: boolean
  /** Handlers that run and are not late. */
  others: number
}

interface Allowance {
  readonly sequence: number
  readonly ms: number
}

interface Watch {
  readonly told: Map<number, Told>
  /** Where the thread was when it had not answered for a while; undefined while it answers. */
  stack: Promise<string[] | undefined> | undefined
  /** Once it is retired: for how long the handlers there may run, by ticket, as it was then. */
  retired: Map<number, Allowance> | undefined
  ending: boolean
  /** When the thread was asked last, and whether it has given a sign since. */
  asked: { readonly at: number; answered: boolean } | undefined
}

export class Watchdog {
  readonly #options: WatchdogOptions
  readonly #watches: Watch[]
  readonly #stills = new StandStills()
  #timer: NodeJS.Timeout | undefined
  #saidOff = false

  constructor(options: WatchdogOptions) {
    this.#options = options
    this.#watches = options.threads.boards.map(fresh)
  }

  /** Call at least every 100 ms; deadlines in between are looked at by a timer. @param now main's `performance.now()` */
  look(now: number): void {
    const { processTimeoutMs, isDebugged, off } = this.#options
    if (processTimeoutMs === 0) return
    clearTimeout(this.#timer)
    const debugged = isDebugged()
    this.#stills.look(now, !debugged)
    if (debugged) {
      if (!this.#saidOff) off()
      this.#saidOff = true
      return
    }
    const { found, waiting, oldest, next } = this.#lookAtHandlers(now)
    this.#stills.forget(oldest)
    for (const [thread, watch] of this.#watches.entries()) {
      if (watch.ending) continue
      // What runs is held to its own deadline.
      if (waiting.has(thread) && !found.has(thread)) this.#askWhetherItTurns(thread, now)
      else watch.asked = undefined
      const inThread = found.get(thread) ?? nothing()
      this.#lookForStack(thread, inThread)
      if (watch.retired !== undefined || inThread.late.length > 0) this.#judge(thread, inThread)
    }
    if (next === Number.POSITIVE_INFINITY) return
    this.#timer = setTimeout(() => this.look(performance.now()), Math.max(LEAST_MS, Math.ceil(next))).unref()
  }

  /** The thread has answered. */
  heard(thread: number, ticket: number, sequence: number): void {
    const told = this.#watches[thread]!.told.get(ticket)
    if (told?.sequence === sequence) told.heard = true
  }

  /** The thread has said something: its event loop turns. */
  sign(thread: number): void {
    const { asked } = this.#watches[thread]!
    if (asked !== undefined) asked.answered = true
  }

  /** Another thread is in this place, or none. */
  gone(thread: number): void {
    this.#watches[thread] = fresh()
  }

  stop(): void {
    clearTimeout(this.#timer)
  }

  /** How long the handler has been running, in milliseconds; undefined when it is not, or its thread serves no more. */
  #ranMs(thread: number, ticket: number): number | undefined {
    const { threads, sent } = this.#options
    return threads.isUp(thread) ? threads.boards[thread]!.runningMs(ticket, sent.sequence[ticket]!) : undefined
  }

  /** The handler runs past its deadline, as long as no time is left out. */
  #isOverdue(thread: number, ticket: number): boolean {
    const { processTimeoutMs, threads } = this.#options
    const ran = this.#ranMs(thread, ticket)
    return ran !== undefined && ran >= processTimeoutMs + threads.boards[thread]!.extensionMs(ticket)
  }

  /**
   * Tells handlers whose deadline has passed.
   * @returns what runs by thread, the threads in which something does not run, and in how many ms something is due next
   */
  #lookAtHandlers(now: number): { found: Map<number, Found>; waiting: Set<number>; oldest: number; next: number } {
    const { processTimeoutMs, graceMs, sent, threads } = this.#options
    const waitMs = Math.max(graceMs, ANSWER_MS)
    const found = new Map<number, Found>()
    const waiting = new Set<number>()
    let oldest = Math.min(now, ...this.#watches.map(({ asked }) => asked?.at ?? now))
    let next = Number.POSITIVE_INFINITY
    for (let ticket = sent.nextDispatched(-1); ticket >= 0; ticket = sent.nextDispatched(ticket)) {
      const thread = sent.thread[ticket]!
      const ran = this.#ranMs(thread, ticket)
      if (ran === undefined) {
        this.#watches[thread]!.told.delete(ticket)
        if (threads.isUp(thread)) waiting.add(thread)
        continue
      }
      const inThread = found.get(thread) ?? nothing()
      found.set(thread, inThread)
      const started = now - ran
      oldest = Math.min(oldest, started)
      const left = processTimeoutMs + threads.boards[thread]!.extensionMs(ticket) + this.#stills.since(started) - ran
      if (left > 0) {
        // It has moved its deadline, or this is another attempt.
        this.#watches[thread]!.told.delete(ticket)
        const waits = this.#waitsFor(thread, ticket, left)
        if (waits > 0) inThread.others++
        next = Math.min(next, waits > 0 ? waits : left)
        continue
      }
      const told = this.#tell(thread, ticket, started, now)
      const waited = now - told.at - this.#stills.since(told.at)
      if (waited >= waitMs) inThread.late.push(ticket)
      else inThread.others++
      if (!told.heard && waited >= STACK_AFTER_MS) inThread.silent = true
      for (const due of [STACK_AFTER_MS, waitMs]) if (due > waited) next = Math.min(next, due - waited)
    }
    return { found, waiting, oldest, next }
  }

  /** How long the end of its thread waits for a handler within its deadline. @param left until then, in milliseconds */
  #waitsFor(thread: number, ticket: number, left: number): number {
    const { retired } = this.#watches[thread]!
    if (retired === undefined) return left
    const { sequence, ms } = this.#allowance(thread, ticket)
    const before = retired.get(ticket)
    if (before?.sequence === sequence) return left - (ms - before.ms)
    // It began as the thread was told to start nothing.
    retired.set(ticket, { sequence, ms })
    return left
  }

  #allowance(thread: number, ticket: number): Allowance {
    const { processTimeoutMs, sent, threads } = this.#options
    const ms = processTimeoutMs + threads.boards[thread]!.extensionMs(ticket)
    return { sequence: sent.sequence[ticket]!, ms }
  }

  #retire(thread: number): void {
    const { sent, threads, retire } = this.#options
    const running = sent
      .dispatched()
      .filter((ticket) => sent.thread[ticket] === thread && this.#ranMs(thread, ticket) !== undefined)
    this.#watches[thread]!.retired = new Map(running.map((ticket) => [ticket, this.#allowance(thread, ticket)]))
    threads.tellRetire(thread)
    retire(thread)
  }

  #askWhetherItTurns(thread: number, now: number): void {
    const { processTimeoutMs, graceMs, threads } = this.#options
    const watch = this.#watches[thread]!
    const { asked } = watch
    if (asked === undefined || (asked.answered && now - asked.at >= ASK_EVERY_MS)) {
      watch.asked = { at: now, answered: false }
      threads.ask(thread)
    } else if (!asked.answered) {
      const silentMs = now - asked.at - this.#stills.since(asked.at)
      if (silentMs >= processTimeoutMs + Math.max(graceMs, ANSWER_MS)) void this.#endBlocked(thread)
    }
  }

  #tell(thread: number, ticket: number, started: number, now: number): Told {
    const { threads, sent } = this.#options
    const { told } = this.#watches[thread]!
    const sequence = sent.sequence[ticket]!
    const before = told.get(ticket)
    if (before?.sequence === sequence && Math.abs(before.started - started) < SAME_START_MS) return before
    const word: Told = { sequence, started, at: now, heard: false }
    told.set(ticket, word)
    threads.tellTimeout(thread, ticket, sequence)
    return word
  }

  #lookForStack(thread: number, { silent }: Found): void {
    const { threads, graceMs } = this.#options
    const watch = this.#watches[thread]!
    if (!silent) watch.stack = undefined
    else if (!this.#isBusyInTime(thread)) {
      watch.stack ??= threads.stackOf(thread, Math.max(graceMs, ANSWER_MS) - STACK_AFTER_MS + STACK_MS)
    }
  }

  /** A handler computes there within its deadline: those behind it could not hear of theirs yet. */
  #isBusyInTime(thread: number): boolean {
    const { current } = this.#options.threads.boards[thread]!
    return current >= 0 && !this.#watches[thread]!.told.has(current)
  }

  /** @param found its handlers; of a thread that was retired, or of which some are late */
  #judge(thread: number, { late, others }: Found): void {
    const { threads } = this.#options
    const watch = this.#watches[thread]!
    const guilty = late.filter((ticket) => watch.told.get(ticket)!.heard)
    if (guilty.length < late.length) {
      const { current } = threads.boards[thread]!
      if (current >= 0 && !late.includes(current)) return
      if (current >= 0 && !guilty.includes(current)) guilty.push(current)
      void this.#end(thread, guilty.length === 0 ? undefined : guilty, late)
      return
    }
    if (watch.retired === undefined) this.#retire(thread)
    if (others > 0) return
    watch.ending = true
    // All have come to their end after all: nobody is to blame, and the thread takes nothing more.
    const planned = late.length === 0
    const error = planned
      ? undefined
      : this.#error('it waits for a promise that does not settle, which leaves no stack')
    threads.end(thread, { planned, cause: 'timeout', error, guilty })
  }

  /** Ends a thread whose event loop does not turn. */
  async #end(thread: number, guilty: readonly number[] | undefined, late: readonly number[]): Promise<void> {
    const { threads } = this.#options
    const watch = this.#watches[thread]!
    watch.ending = true
    const stack = await (watch.stack ?? threads.stackOf(thread, STACK_MS))
    // The stack took its time. A thread that came back is judged anew.
    if (this.#watches[thread] !== watch) return
    // Another attempt, or record, that has the ticket by now is not.
    const isStillLate = (ticket: number) => this.#isOverdue(thread, ticket)
    if (!late.some(isStillLate)) {
      watch.ending = false
      watch.stack = undefined
      return
    }
    const why = stack?.[0] === undefined ? 'a native call blocks its thread' : `it keeps its thread ${stack[0].trim()}`
    const error = withStack(this.#error(why), stack)
    const left = guilty?.filter(isStillLate) ?? []
    threads.end(thread, { planned: false, cause: 'timeout', error, guilty: left.length === 0 ? undefined : left })
  }

  /** Ends a thread that runs no handler and whose event loop does not turn. */
  async #endBlocked(thread: number): Promise<void> {
    const { threads, processTimeoutMs, graceMs } = this.#options
    const watch = this.#watches[thread]!
    watch.ending = true
    const stack = await threads.stackOf(thread, BLOCKED_STACK_MS)
    if (this.#watches[thread] !== watch) return
    // It came back while its stack was looked for.
    if (watch.asked?.answered !== false) {
      watch.ending = false
      return
    }
    const what = stack?.[0] === undefined ? 'a native call' : `code ${stack[0].trim()}`
    const why = `${what}, outside of any handler, has kept it from its records for more than ${processTimeoutMs} + ${graceMs} ms`
    const error = withStack(errors.ZK_THREAD_DIED(thread, 'timeout', why), stack)
    threads.end(thread, { planned: false, cause: 'timeout', error, guilty: [] })
  }

  #error(why: string): Error {
    const { processTimeoutMs, graceMs } = this.#options
    return errors.ZK_HANDLER_TIMEOUT(processTimeoutMs, graceMs, why)
  }
}

function withStack(error: Error, stack: readonly string[] | undefined): Error {
  if (stack !== undefined) error.stack = [`${error.name}: ${error.message}`, ...stack].join('\n')
  return error
}

function nothing(): Found {
  return { late: [], silent: false, others: 0 }
}

function fresh(): Watch {
  return { told: new Map(), stack: undefined, retired: undefined, ending: false, asked: undefined }
}
