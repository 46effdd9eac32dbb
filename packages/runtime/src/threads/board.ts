/**
 * What main and one thread share without messages: the state of each delivery, written by the thread, and control words,
 * written by main.
 *
 * A handler that never returns to its event loop sees no message, and a thread that dies takes its unsent messages with
 * it. So what must be known after a death, or obeyed before the next start, stands in shared memory: the thread marks a
 * delivery *before* it posts the ack, and before each start it publishes "running", then reads the control words, then
 * calls the handler. Both sides use sequentially consistent atomics there, so either main sees the record running or the
 * thread sees the control word; never neither.
 */
import type { CircuitScope, DeliveryState, LaneTotals, PartitionSlot } from '@zk/engine'
import { machineMs } from './machine-clock.js'

/** Partitions that one work may ever own. The memory is touched only where it is used. */
export const MAX_SLOTS = 16_384

const HEADER_WORDS = 24
const HOLD = 0
/** By the thread: handlers in progress, and records that wait for one. */
const RUNNING = 1
const QUEUED = 2
/** When main beat last, on the machine's clock, and how many ms that is good for; 0 before the first beat. */
const PULSE = 3
const PULSE_LIMIT = 4
/** Whether records may start (see `Starts`). */
const STARTS = 5
/** By the thread: the ticket whose handler is on its stack. */
const CURRENT = 6
/** By the thread. */
const EXTERNAL_KIB = 7
const RETRIES = 8
/** By the thread: its handler takes batches. */
const BATCHES = 9
/** By main: how many handlers may be in progress. */
const CONCURRENCY = 10
/**
 * By the thread, where that follows the handlers: doubles, as in `LaneTotals`. Whole doubles are stored at once by all machines
 * that Node runs on; were one not, a single decision would be a little off.
 */
const ENDED = 12
const SUCCEEDED = 14
const SPENT_MS = 16
const FOLLOWED = 18

/** By slot: what was cut, a double and a word, and whether records of the partition may start. */
const CONTROL_WORDS = 4
const CUT_EPOCH = 0
const SLOT_STARTS = 1
const CUT_ABOVE = 2

/** By ticket. */
const ENTRY_WORDS = 5
const STATE = 0
const SEQUENCE = 1
/** When the delivery started, or when the next attempt of a parked one is due, on the machine's clock. */
const SINCE = 2
/** What the handler has added to its deadline, in milliseconds; begins anew with each start. */
const EXTENSION = 3
/** In the lower half; above it the flags of a failure. */
const ATTEMPT = 4

/** Where the control words and the entries of deliveries begin. */
const CONTROL = HEADER_WORDS
const ENTRIES = CONTROL + MAX_SLOTS * CONTROL_WORDS

const State = { queued: 0, running: 1, parked: 2, done: 3, failed: 4, discarded: 5 } as const
const States = Object.keys(State) as readonly DeliveryState[]

/** `permitted`: one may, by whoever makes it `held` again. Main holds and permits, the thread takes permits. */
const Starts = { free: 0, held: 1, permitted: 2 } as const

const KIB = 1_024

/** The main thread's side. */
export class Board {
  readonly buffer: SharedArrayBuffer
  readonly #words: Int32Array
  readonly #doubles: Float64Array

  /** @param capacity rows of the in-flight table: an entry each */
  constructor(capacity: number) {
    // Whole doubles.
    this.buffer = new SharedArrayBuffer(8 * Math.ceil((ENTRIES + capacity * ENTRY_WORDS) / 2))
    this.#words = new Int32Array(this.buffer)
    this.#doubles = new Float64Array(this.buffer)
    this.#words[CURRENT] = -1
  }

  // ── deliveries ─────────────────────────────────────────────────────────────────────────────────────────────────

  /**
   * Before the frame that carries the delivery is posted. Plain stores are enough: the entry is main's until then, and
   * the port orders them before anything that the thread does with the frame.
   *
   * @param attempt 1 for the first
   */
  queue(ticket: number, sequence: number, attempt: number): void {
    const at = ENTRIES + ticket * ENTRY_WORDS
    this.#words[at + STATE] = State.queued
    this.#words[at + SEQUENCE] = sequence
    this.#words[at + ATTEMPT] = attempt
  }

  deliveryState(ticket: number, sequence: number): DeliveryState {
    const at = ENTRIES + ticket * ENTRY_WORDS
    const state = Atomics.load(this.#words, at + STATE)
    return this.#words[at + SEQUENCE] === sequence ? States[state]! : 'unknown'
  }

  /** For how long a delivery has been running, in milliseconds; undefined when it is not. */
  runningMs(ticket: number, sequence: number): number | undefined {
    if (this.deliveryState(ticket, sequence) !== 'running') return undefined
    const started = this.#words[ENTRIES + ticket * ENTRY_WORDS + SINCE]!
    return Math.max(0, (machineMs(performance.now()) - started) | 0)
  }

  /** In how many milliseconds the next attempt of a parked delivery is due, at least 0; undefined when it is not parked. */
  dueInMs(ticket: number, sequence: number): number | undefined {
    if (this.deliveryState(ticket, sequence) !== 'parked') return undefined
    const due = this.#words[ENTRIES + ticket * ENTRY_WORDS + SINCE]!
    return Math.max(0, (due - machineMs(performance.now())) | 0)
  }

  /** By how many milliseconds the handler that runs has moved its deadline. */
  extensionMs(ticket: number): number {
    return Atomics.load(this.#words, ENTRIES + ticket * ENTRY_WORDS + EXTENSION)
  }

  /** The attempt that is running, or, of a parked delivery, the one that is due: those before it were charged. */
  attemptOf(ticket: number): number {
    return this.#words[ENTRIES + ticket * ENTRY_WORDS + ATTEMPT]! & 0xffff
  }

  /** `FailureFlag`s of the latest attempt of a delivery that failed or is parked. */
  flagsOf(ticket: number): number {
    return this.#words[ENTRIES + ticket * ENTRY_WORDS + ATTEMPT]! >>> 16
  }

  // ── control ────────────────────────────────────────────────────────────────────────────────────────────────────

  hold(held: boolean): void {
    Atomics.store(this.#words, HOLD, held ? 1 : 0)
    if (!held) Atomics.notify(this.#words, HOLD)
  }

  /**
   * Nothing of the slot up to this epoch and above this offset starts, and nothing of it up to this epoch is tried again.
   * Call while held, or with the latest epoch of which any thread has deliveries.
   */
  cut(slot: PartitionSlot, epoch: number, aboveOffset: number): void {
    const at = CONTROL + slot * CONTROL_WORDS
    this.#doubles[(at + CUT_ABOVE) >> 1] = aboveOffset
    Atomics.store(this.#words, at + CUT_EPOCH, epoch)
  }

  /** Records may start for so many ms from now. Before the first call they may at any time. */
  beat(now: number, limitMs: number): void {
    Atomics.store(this.#words, PULSE, machineMs(now))
    Atomics.store(this.#words, PULSE_LIMIT, limitMs)
  }

  /** Records of the scope may not start, or may again. Takes a permit back that nobody has used. */
  holdStarts(scope: CircuitScope, held: boolean): void {
    Atomics.store(this.#words, startsAt(scope), held ? Starts.held : Starts.free)
  }

  /** While starts are held: one record of the scope may start. */
  permitStart(scope: CircuitScope): void {
    Atomics.compareExchange(this.#words, startsAt(scope), Starts.held, Starts.permitted)
  }

  /** @returns false when the thread has taken the permit */
  withdrawPermit(scope: CircuitScope): boolean {
    const before = Atomics.compareExchange(this.#words, startsAt(scope), Starts.permitted, Starts.held)
    return before === Starts.permitted
  }

  /** How many handlers may be in progress in the thread. */
  set concurrency(lanes: number) {
    Atomics.store(this.#words, CONCURRENCY, lanes)
  }
  get concurrency(): number {
    return this.#words[CONCURRENCY]!
  }

  // ── the thread ─────────────────────────────────────────────────────────────────────────────────────────────────

  get running(): number {
    return Atomics.load(this.#words, RUNNING)
  }
  get queued(): number {
    return Atomics.load(this.#words, QUEUED)
  }

  /** The delivery whose handler is on the thread's stack; -1 when there is none, as behind an `await`. */
  get current(): number {
    return Atomics.load(this.#words, CURRENT)
  }

  /** Bytes that the thread's objects hold outside of its heap, such as Buffers; as of its last look, to the KiB. */
  get externalBytes(): number {
    return Atomics.load(this.#words, EXTERNAL_KIB) * KIB
  }

  /** Failed attempts of the threads of this board so far that another one follows. */
  get retries(): number {
    return Atomics.load(this.#words, RETRIES) >>> 0
  }

  /** Its handler takes several records at a time: which of those that run has done something, nobody can tell. */
  get hasBatches(): boolean {
    return Atomics.load(this.#words, BATCHES) === 1
  }

  /** Of a thread whose `concurrency` follows its handlers; zeros elsewhere. */
  get laneTotals(): Omit<LaneTotals, 'activeMs' | 'idleMs'> {
    return {
      ended: this.#doubles[ENDED >> 1]!,
      succeeded: this.#doubles[SUCCEEDED >> 1]!,
      spentMs: this.#doubles[SPENT_MS >> 1]!,
      followed: this.#doubles[FOLLOWED >> 1]!,
    }
  }

  /** A new thread starts on this board: nothing runs or waits there. What main has written stays. */
  reset(): void {
    Atomics.store(this.#words, RUNNING, 0)
    Atomics.store(this.#words, QUEUED, 0)
    Atomics.store(this.#words, CURRENT, -1)
    Atomics.store(this.#words, EXTERNAL_KIB, 0)
    Atomics.store(this.#words, BATCHES, 0)
    this.#doubles.fill(0, ENDED >> 1, HEADER_WORDS >> 1)
  }
}

/** The thread's side. */
export class BoardWriter {
  readonly #words: Int32Array
  readonly #doubles: Float64Array

  constructor(buffer: SharedArrayBuffer) {
    this.#words = new Int32Array(buffer)
    this.#doubles = new Float64Array(buffer)
  }

  /** Main has not beaten for too long: it, or the whole process, stood still, and others may own what is here. */
  isStale(now: number): boolean {
    const limit = this.#words[PULSE_LIMIT]!
    return limit !== 0 && ((machineMs(now) - this.#words[PULSE]!) | 0) > limit
  }

  /**
   * @param now the thread's `performance.now()`, as its caller has it already
   * @returns the attempt that starts; 0 when the delivery must not start: its partition was cut below it.
   */
  start(ticket: number, slot: PartitionSlot, epoch: number, offset: number, now: number): number {
    // Before each record, and so in numbers: V8 inlines what is short.
    const entry = ENTRIES + ticket * 5
    // Before the state: who sees "running" sees since when, and no extension of an attempt before.
    this.#words[entry + 2] = machineMs(now)
    this.#words[entry + 3] = 0
    // Its handler is called next.
    this.#words[CURRENT] = ticket
    Atomics.store(this.#words, entry, 1)
    while (Atomics.load(this.#words, HOLD) === 1) Atomics.wait(this.#words, HOLD, 1)
    const at = CONTROL + slot * 4
    const cutEpoch = Atomics.load(this.#words, at)
    // Of an epoch before the one that was cut nothing starts: its offsets say nothing about the newer cut.
    if (epoch > cutEpoch || (epoch === cutEpoch && offset <= this.#doubles[(at + 2) >> 1]!)) {
      return this.#words[entry + 4]! & 0xffff
    }
    this.end(ticket, 'discarded')
    return 0
  }

  /**
   * After `start`: whether nothing holds starts up, of all records or of the slot's. Takes the permit where there is one.
   *
   * Asked after "running" was published, as the cut is: main holds starts first and then looks who runs.
   */
  mayStart(slot: PartitionSlot): boolean {
    return this.#passes(STARTS) && this.#passes(CONTROL + slot * CONTROL_WORDS + SLOT_STARTS)
  }

  /** Nothing holds starts of the slot up, so that one would take no permit. */
  areStartsFree(slot: PartitionSlot): boolean {
    const own = Atomics.load(this.#words, CONTROL + slot * CONTROL_WORDS + SLOT_STARTS)
    return Atomics.load(this.#words, STARTS) === Starts.free && own === Starts.free
  }

  /** Starts of the scope are held, and there is no permit. */
  isHeld(scope: CircuitScope): boolean {
    return Atomics.load(this.#words, startsAt(scope)) === Starts.held
  }

  /** A record that was published as running does not run: it waits, for its first attempt or for the next one. */
  unstart(ticket: number, wasTried: boolean): void {
    this.#words[CURRENT] = -1
    Atomics.store(this.#words, ENTRIES + ticket * ENTRY_WORDS + STATE, wasTried ? State.parked : State.queued)
  }

  #passes(at: number): boolean {
    return Atomics.load(this.#words, at) === Starts.free || this.#takesPermit(at)
  }

  #takesPermit(at: number): boolean {
    return Atomics.compareExchange(this.#words, at, Starts.permitted, Starts.held) === Starts.permitted
  }

  /** The partition was cut in this epoch: nothing of it is tried again. */
  isClosing(slot: PartitionSlot, epoch: number): boolean {
    return epoch <= Atomics.load(this.#words, CONTROL + slot * CONTROL_WORDS + CUT_EPOCH)
  }

  attemptOf(ticket: number): number {
    return this.#words[ENTRIES + ticket * ENTRY_WORDS + ATTEMPT]! & 0xffff
  }

  /**
   * The handler failed and is tried again.
   * @param due on the thread's `performance.now()`
   * @param flags `FailureFlag`s: a circuit may take them for those of its probe
   */
  park(ticket: number, nextAttempt: number, due: number, flags = 0): void {
    const entry = ENTRIES + ticket * ENTRY_WORDS
    // Before the state: a thread that dies from here on has had this attempt charged.
    this.#words[entry + ATTEMPT] = nextAttempt | (flags << 16)
    this.#words[entry + SINCE] = machineMs(due)
    Atomics.store(this.#words, entry + STATE, State.parked)
    this.#words[RETRIES]!++
  }

  /**
   * The record has not been tried and waits: its attempt, and the flags of the one before, stay.
   * @param due on the thread's `performance.now()`
   */
  postpone(ticket: number, due: number): void {
    const entry = ENTRIES + ticket * ENTRY_WORDS
    this.#words[entry + SINCE] = machineMs(due)
    Atomics.store(this.#words, entry + STATE, State.parked)
  }

  /**
   * Before the ack is posted. A plain store is enough: main trusts an end only after the ack or the thread's exit, and a
   * drain treats "running" and "ended" alike.
   */
  end(ticket: number, outcome: 'done' | 'failed' | 'discarded'): void {
    this.#words[CURRENT] = -1
    this.#words[ENTRIES + ticket * 5] = State[outcome]
  }

  /** Before the end of a delivery that failed. @param flags `FailureFlag`s */
  flag(ticket: number, flags: number): void {
    const at = ENTRIES + ticket * ENTRY_WORDS + ATTEMPT
    this.#words[at] = (this.#words[at]! & 0xffff) | (flags << 16)
  }

  /** The handler has returned, if only a promise. */
  leaveStack(): void {
    this.#words[CURRENT] = -1
  }

  /** @returns for how long the attempt has been running, in milliseconds; undefined when it is not that which runs */
  runningMs(ticket: number, sequence: number, attempt: number, now: number): number | undefined {
    const entry = ENTRIES + ticket * ENTRY_WORDS
    const isRunning = this.#words[entry + STATE] === State.running
    if (!isRunning || this.#words[entry + SEQUENCE] !== sequence || this.attemptOf(ticket) !== attempt) {
      return undefined
    }
    return Math.max(0, (machineMs(now) - this.#words[entry + SINCE]!) | 0)
  }

  extensionMs(ticket: number): number {
    return this.#words[ENTRIES + ticket * ENTRY_WORDS + EXTENSION]!
  }

  /** @param ms altogether, in milliseconds */
  extend(ticket: number, ms: number): void {
    Atomics.store(this.#words, ENTRIES + ticket * ENTRY_WORDS + EXTENSION, ms)
  }

  /** Before the thread says that it is set up. */
  publishBatches(): void {
    Atomics.store(this.#words, BATCHES, 1)
  }

  publish(running: number, queued: number): void {
    this.#words[RUNNING] = running
    this.#words[QUEUED] = queued
  }

  get concurrency(): number {
    return this.#words[CONCURRENCY]!
  }

  publishLanes(ended: number, succeeded: number, spentMs: number, followed: number): void {
    this.#doubles[ENDED >> 1] = ended
    this.#doubles[SUCCEEDED >> 1] = succeeded
    this.#doubles[SPENT_MS >> 1] = spentMs
    this.#doubles[FOLLOWED >> 1] = followed
  }

  publishExternal(bytes: number): void {
    this.#words[EXTERNAL_KIB] = bytes / KIB
  }
}

function startsAt(scope: CircuitScope): number {
  return scope === 'work' ? STARTS : CONTROL + scope * CONTROL_WORDS + SLOT_STARTS
}
