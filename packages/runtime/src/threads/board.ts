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
import type { CircuitScope, DeliveryState, PartitionSlot } from '@zk/engine'
import { CONTROL, Control, ENTRIES, Entry, Header, SIZE, Starts, State } from './board-layout.js'
import { machineMs } from './machine-clock.js'

const States = Object.keys(State) as readonly DeliveryState[]

const KIB = 1_024

/** The main thread's side. */
export class Board {
  readonly buffer: SharedArrayBuffer
  readonly #words: Int32Array
  readonly #doubles: Float64Array

  /** @param capacity rows of the in-flight table: an entry each */
  constructor(capacity: number) {
    // Whole doubles.
    this.buffer = new SharedArrayBuffer(8 * Math.ceil((ENTRIES + capacity * SIZE.entry) / 2))
    this.#words = new Int32Array(this.buffer)
    this.#doubles = new Float64Array(this.buffer)
    this.#words[Header.current] = -1
  }

  // ── deliveries ─────────────────────────────────────────────────────────────────────────────────────────────────

  /**
   * Before the frame that carries the delivery is posted. Plain stores are enough: the entry is main's until then, and
   * the port orders them before anything that the thread does with the frame.
   *
   * @param attempt 1 for the first
   */
  queue(ticket: number, sequence: number, attempt: number): void {
    const at = ENTRIES + ticket * SIZE.entry
    this.#words[at + Entry.state] = State.queued
    this.#words[at + Entry.sequence] = sequence
    this.#words[at + Entry.attempt] = attempt
  }

  deliveryState(ticket: number, sequence: number): DeliveryState {
    const at = ENTRIES + ticket * SIZE.entry
    const state = Atomics.load(this.#words, at + Entry.state)
    return this.#words[at + Entry.sequence] === sequence ? States[state]! : 'unknown'
  }

  /** For how long a delivery has been running, in milliseconds; undefined when it is not. */
  runningMs(ticket: number, sequence: number): number | undefined {
    if (this.deliveryState(ticket, sequence) !== 'running') return undefined
    const started = this.#words[ENTRIES + ticket * SIZE.entry + Entry.since]!
    return Math.max(0, (machineMs(performance.now()) - started) | 0)
  }

  /** In how many milliseconds the next attempt of a parked delivery is due, at least 0; undefined when it is not parked. */
  dueInMs(ticket: number, sequence: number): number | undefined {
    if (this.deliveryState(ticket, sequence) !== 'parked') return undefined
    const due = this.#words[ENTRIES + ticket * SIZE.entry + Entry.since]!
    return Math.max(0, (due - machineMs(performance.now())) | 0)
  }

  /** By how many milliseconds the handler that runs has moved its deadline. */
  extensionMs(ticket: number): number {
    return Atomics.load(this.#words, ENTRIES + ticket * SIZE.entry + Entry.extension)
  }

  /** The attempt that is running, or, of a parked delivery, the one that is due: those before it were charged. */
  attemptOf(ticket: number): number {
    return this.#words[ENTRIES + ticket * SIZE.entry + Entry.attempt]! & 0xffff
  }

  /** `FailureFlag`s of a delivery that failed. */
  flagsOf(ticket: number): number {
    return this.#words[ENTRIES + ticket * SIZE.entry + Entry.attempt]! >>> 16
  }

  // ── control ────────────────────────────────────────────────────────────────────────────────────────────────────

  hold(held: boolean): void {
    Atomics.store(this.#words, Header.hold, held ? 1 : 0)
    if (!held) Atomics.notify(this.#words, Header.hold)
  }

  /**
   * Nothing of the slot up to this epoch and above this offset starts, and nothing of it up to this epoch is tried again.
   * Call while held, or with the latest epoch of which any thread has deliveries.
   */
  cut(slot: PartitionSlot, epoch: number, aboveOffset: number): void {
    const at = CONTROL + slot * SIZE.control
    this.#doubles[(at + Control.aboveOffset) >> 1] = aboveOffset
    Atomics.store(this.#words, at + Control.cutEpoch, epoch)
  }

  /** Records may start for so many ms from now. Before the first call they may at any time. */
  beat(now: number, limitMs: number): void {
    Atomics.store(this.#words, Header.pulse, machineMs(now))
    Atomics.store(this.#words, Header.pulseLimit, limitMs)
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

  // ── the thread ─────────────────────────────────────────────────────────────────────────────────────────────────

  get running(): number {
    return Atomics.load(this.#words, Header.running)
  }
  get queued(): number {
    return Atomics.load(this.#words, Header.queued)
  }

  /** The delivery whose handler is on the thread's stack; -1 when there is none, as behind an `await`. */
  get current(): number {
    return Atomics.load(this.#words, Header.current)
  }

  /** Bytes that the thread's objects hold outside of its heap, such as Buffers; as of its last look, to the KiB. */
  get externalBytes(): number {
    return Atomics.load(this.#words, Header.externalKib) * KIB
  }

  /** A new thread starts on this board: nothing runs or waits there. What main has written stays. */
  reset(): void {
    Atomics.store(this.#words, Header.running, 0)
    Atomics.store(this.#words, Header.queued, 0)
    Atomics.store(this.#words, Header.current, -1)
    Atomics.store(this.#words, Header.externalKib, 0)
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
    const limit = this.#words[Header.pulseLimit]!
    return limit !== 0 && ((machineMs(now) - this.#words[Header.pulse]!) | 0) > limit
  }

  /**
   * @param now the thread's `performance.now()`, as its caller has it already
   * @returns false when the delivery must not start: its partition was cut below it.
   */
  start(ticket: number, slot: PartitionSlot, epoch: number, offset: number, now: number): boolean {
    const entry = ENTRIES + ticket * SIZE.entry
    // Before the state: who sees "running" sees since when, and no extension of an attempt before.
    this.#words[entry + Entry.since] = machineMs(now)
    this.#words[entry + Entry.extension] = 0
    Atomics.store(this.#words, entry + Entry.state, State.running)
    while (Atomics.load(this.#words, Header.hold) === 1) Atomics.wait(this.#words, Header.hold, 1)
    const at = CONTROL + slot * SIZE.control
    const cutEpoch = Atomics.load(this.#words, at + Control.cutEpoch)
    // Of an epoch before the one that was cut nothing starts: its offsets say nothing about the newer cut.
    if (epoch > cutEpoch || (epoch === cutEpoch && offset <= this.#doubles[(at + Control.aboveOffset) >> 1]!))
      return true
    Atomics.store(this.#words, entry + Entry.state, State.discarded)
    return false
  }

  /**
   * After `start`: whether starts are held, of all records or of the slot's. Takes the permit where there is one.
   *
   * Asked after "running" was published, as the cut is: main holds starts first and then looks who runs.
   */
  startsHeld(slot: PartitionSlot): CircuitScope | undefined {
    if (!this.#passes(Header.starts)) return 'work'
    return this.#passes(startsAt(slot)) ? undefined : slot
  }

  /** Starts of the scope are held, and there is no permit. */
  isHeld(scope: CircuitScope): boolean {
    return Atomics.load(this.#words, startsAt(scope)) === Starts.held
  }

  /** A record that was published as running does not run: it waits, for its first attempt or for the next one. */
  unstart(ticket: number, wasTried: boolean): void {
    Atomics.store(this.#words, ENTRIES + ticket * SIZE.entry + Entry.state, wasTried ? State.parked : State.queued)
  }

  #passes(at: number): boolean {
    const starts = Atomics.load(this.#words, at)
    if (starts !== Starts.permitted) return starts === Starts.free
    return Atomics.compareExchange(this.#words, at, Starts.permitted, Starts.held) === Starts.permitted
  }

  /** The partition was cut in this epoch: nothing of it is tried again. */
  isClosing(slot: PartitionSlot, epoch: number): boolean {
    return epoch <= Atomics.load(this.#words, CONTROL + slot * SIZE.control + Control.cutEpoch)
  }

  attemptOf(ticket: number): number {
    return this.#words[ENTRIES + ticket * SIZE.entry + Entry.attempt]! & 0xffff
  }

  /** The handler failed and is tried again. @param due on the thread's `performance.now()` */
  park(ticket: number, nextAttempt: number, due: number): void {
    const entry = ENTRIES + ticket * SIZE.entry
    // Before the state: a thread that dies from here on has had this attempt charged.
    this.#words[entry + Entry.attempt] = nextAttempt
    this.#words[entry + Entry.since] = machineMs(due)
    Atomics.store(this.#words, entry + Entry.state, State.parked)
  }

  /**
   * Before the ack is posted. A plain store is enough: main trusts an end only after the ack or the thread's exit, and a
   * drain treats "running" and "ended" alike.
   */
  end(ticket: number, outcome: 'done' | 'failed' | 'discarded'): void {
    this.#words[ENTRIES + ticket * SIZE.entry + Entry.state] = State[outcome]
  }

  /** Before the end of a delivery that failed. @param flags `FailureFlag`s */
  flag(ticket: number, flags: number): void {
    const at = ENTRIES + ticket * SIZE.entry + Entry.attempt
    this.#words[at] = (this.#words[at]! & 0xffff) | (flags << 16)
  }

  /** The delivery whose handler is called next; -1 once it has returned. */
  current(ticket: number): void {
    this.#words[Header.current] = ticket
  }

  /** @returns for how long the attempt has been running, in milliseconds; undefined when it is not that which runs */
  runningMs(ticket: number, sequence: number, attempt: number, now: number): number | undefined {
    const entry = ENTRIES + ticket * SIZE.entry
    const isRunning = this.#words[entry + Entry.state] === State.running
    if (!isRunning || this.#words[entry + Entry.sequence] !== sequence || this.attemptOf(ticket) !== attempt) {
      return undefined
    }
    return Math.max(0, (machineMs(now) - this.#words[entry + Entry.since]!) | 0)
  }

  extensionMs(ticket: number): number {
    return this.#words[ENTRIES + ticket * SIZE.entry + Entry.extension]!
  }

  /** @param ms altogether, in milliseconds */
  extend(ticket: number, ms: number): void {
    Atomics.store(this.#words, ENTRIES + ticket * SIZE.entry + Entry.extension, ms)
  }

  publish(running: number, queued: number): void {
    this.#words[Header.running] = running
    this.#words[Header.queued] = queued
  }

  publishExternal(bytes: number): void {
    this.#words[Header.externalKib] = bytes / KIB
  }
}

function startsAt(scope: CircuitScope): number {
  return scope === 'work' ? Header.starts : CONTROL + scope * SIZE.control + Control.starts
}
