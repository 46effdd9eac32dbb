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
import type { DeliveryState, PartitionSlot } from '@zk/engine'
import { machineMs } from './machine-clock.js'

/** Partitions that one work may ever own. The memory is touched only where it is used. */
export const MAX_SLOTS = 16_384

const HEADER_WORDS = 16
const HOLD = 0
const RUNNING = 1
const QUEUED = 2
/** When main beat last, on the machine's clock, and how many ms that is good for; 0 before the first beat. */
const PULSE = 3
const PULSE_LIMIT = 4
const CONTROL_WORDS = 4
/** State, sequence number, and when the delivery started, on the machine's clock. */
const ENTRY_WORDS = 3

/** Where the control words and the entries of deliveries begin. */
const CONTROL = HEADER_WORDS
const ENTRIES = CONTROL + MAX_SLOTS * CONTROL_WORDS

const State = { queued: 0, running: 1, done: 2, failed: 3, discarded: 4 } as const
const States = Object.keys(State) as readonly DeliveryState[]

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
  }

  /**
   * Before the frame that carries the delivery is posted. Plain stores are enough: the entry is main's until then, and
   * the port orders them before anything that the thread does with the frame.
   */
  queue(ticket: number, sequence: number): void {
    const at = ENTRIES + ticket * ENTRY_WORDS
    this.#words[at] = State.queued
    this.#words[at + 1] = sequence
  }

  deliveryState(ticket: number, sequence: number): DeliveryState {
    const at = ENTRIES + ticket * ENTRY_WORDS
    const state = Atomics.load(this.#words, at)
    return this.#words[at + 1] === sequence ? States[state]! : 'unknown'
  }

  /** For how long a delivery has been running, in milliseconds; undefined when it is not. */
  runningMs(ticket: number, sequence: number): number | undefined {
    if (this.deliveryState(ticket, sequence) !== 'running') return undefined
    const started = this.#words[ENTRIES + ticket * ENTRY_WORDS + 2]!
    return Math.max(0, (machineMs(performance.now()) - started) | 0)
  }

  hold(held: boolean): void {
    Atomics.store(this.#words, HOLD, held ? 1 : 0)
    if (!held) Atomics.notify(this.#words, HOLD)
  }

  /** Call while held, or with the latest epoch of which any thread has deliveries. */
  cut(slot: PartitionSlot, epoch: number, aboveOffset: number): void {
    const at = CONTROL + slot * CONTROL_WORDS
    this.#doubles[(at + 2) >> 1] = aboveOffset
    Atomics.store(this.#words, at, epoch)
  }

  /** Records may start for so many ms from now. Before the first call they may at any time. */
  beat(now: number, limitMs: number): void {
    Atomics.store(this.#words, PULSE, machineMs(now))
    Atomics.store(this.#words, PULSE_LIMIT, limitMs)
  }

  get running(): number {
    return Atomics.load(this.#words, RUNNING)
  }
  get queued(): number {
    return Atomics.load(this.#words, QUEUED)
  }

  /** A new thread starts on this board: nothing runs or waits there. Cuts stay in force. */
  reset(): void {
    Atomics.store(this.#words, RUNNING, 0)
    Atomics.store(this.#words, QUEUED, 0)
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
   * @returns false when the delivery must not start: its partition was cut below it.
   */
  start(ticket: number, slot: PartitionSlot, epoch: number, offset: number, now: number): boolean {
    const entry = ENTRIES + ticket * ENTRY_WORDS
    // Before the state: who sees "running" sees since when.
    this.#words[entry + 2] = machineMs(now)
    Atomics.store(this.#words, entry, State.running)
    while (Atomics.load(this.#words, HOLD) === 1) Atomics.wait(this.#words, HOLD, 1)
    const at = CONTROL + slot * CONTROL_WORDS
    const cutEpoch = Atomics.load(this.#words, at)
    // Of an epoch before the one that was cut nothing starts: its offsets say nothing about the newer cut.
    if (epoch > cutEpoch || (epoch === cutEpoch && offset <= this.#doubles[(at + 2) >> 1]!)) return true
    Atomics.store(this.#words, entry, State.discarded)
    return false
  }

  /**
   * Before the ack is posted. A plain store is enough: main trusts an end only after the ack or the thread's exit, and a
   * drain treats "running" and "ended" alike.
   */
  end(ticket: number, outcome: 'done' | 'failed' | 'discarded'): void {
    this.#words[ENTRIES + ticket * ENTRY_WORDS] = State[outcome]
  }

  publish(running: number, queued: number): void {
    this.#words[RUNNING] = running
    this.#words[QUEUED] = queued
  }
}
