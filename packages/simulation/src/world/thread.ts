/**
 * A place for worker threads and the thread in it, as the engine may rely on them: frames arrive in order, a start is
 * published on the board before the control words are read, an end is on the board before its ack is posted, and a death
 * loses what was not posted. The board stays with the place; threads come and go.
 *
 * A handler that returns no promise keeps its thread from everything else until it returns.
 */
import { ACK_WORDS, type DeliveryState, KeyedQueue, NO_KEY, Outcome } from '@zk/engine'
import type { Random } from '../random.js'
import type { Shape } from '../shape.js'
import { hashes } from './batch.js'

export interface Delivery {
  readonly ticket: number
  readonly sequence: number
  readonly slot: number
  readonly epoch: number
  readonly offset: number
  readonly record: number
  readonly key: number
  readonly partition: number
  readonly tenure: number
  /** Its handler was told to give up. */
  aborted: boolean
}

/** What a thread does, told at once: the checker and the journal listen. */
export interface ThreadListener {
  published(thread: number, delivery: Delivery): void
  started(thread: number, delivery: Delivery): void
  refused(thread: number, delivery: Delivery): void
  ended(thread: number, delivery: Delivery, how: 'done' | 'failed' | 'discarded'): void
  /** The handler runs no more, and nothing says that it ended. */
  stopped(delivery: Delivery): void
  /** The thread has let go of a delivery that it never started. */
  dropped(delivery: Delivery): void
}

type ThreadState =
  /** Nothing runs there. */
  | 'down'
  | 'up'
  /** Told to end; its JavaScript still runs. */
  | 'terminating'
  /** No JavaScript runs; acks that it posted are still on their way. */
  | 'exited'

export class SimThread {
  state: ThreadState = 'down'
  /** It is to be replaced: its end is no death. */
  retired = false
  /** A handler does not come to an end. */
  stuck = false
  /** Starts of its successor that failed in a row. */
  failedStarts = 0
  /** Acks on their way, oldest first. */
  readonly posted: Int32Array[] = []
  /** Those that arrived last, for a duplicate. */
  lastAcks: Int32Array | undefined
  readonly #index: number
  readonly #shape: Shape
  readonly #listener: ThreadListener
  readonly #isHeld: () => boolean
  readonly #states: DeliveryState[] = []
  readonly #sequences: number[] = []
  /** By slot: what was cut, up to which epoch and above which offset. */
  readonly #cutEpochs: number[] = []
  readonly #cutOffsets: number[] = []
  #frames: Delivery[][] = []
  #queue: KeyedQueue
  /** By ticket: what was received. */
  #received: (Delivery | undefined)[] = []
  /** Published as running, about to read the control words. */
  #starting: Delivery | undefined
  /** A handler that returned no promise yet and keeps the thread. */
  #busy: Delivery | undefined
  #running: Delivery[] = []
  #acks: number[] = []
  /** By slot: a record of this epoch failed and the policy is to stop, so that the rest of it is handed back. */
  #failedEpochs: number[] = []

  constructor(index: number, shape: Shape, listener: ThreadListener, isHeld: () => boolean) {
    this.#index = index
    this.#shape = shape
    this.#listener = listener
    this.#isHeld = isHeld
    this.#queue = new KeyedQueue(shape.concurrency)
  }

  get isAlive(): boolean {
    return this.state === 'up' || this.state === 'terminating'
  }

  get isStarting(): boolean {
    return this.#starting !== undefined
  }

  /** It has nothing to do and nothing to tell. */
  get isIdle(): boolean {
    return this.#frames.length + this.#queue.queued + this.#queue.running + this.#acks.length + this.posted.length === 0
  }

  /** Something has ended that main cannot know yet. */
  get hasUntold(): boolean {
    return this.#acks.length > 0 || this.posted.length > 0
  }

  runsAny(matches: (delivery: Delivery) => boolean): boolean {
    if (this.#busy !== undefined && matches(this.#busy)) return true
    for (const delivery of this.#running) if (matches(delivery)) return true
    return false
  }

  // ── main's side ────────────────────────────────────────────────────────────────────────────────────────────────

  queue(ticket: number, sequence: number): void {
    this.#states[ticket] = 'queued'
    this.#sequences[ticket] = sequence
  }

  /** @returns false when the frame is lost: no JavaScript runs there */
  post(frame: Delivery[]): boolean {
    if (!this.isAlive) return false
    this.#frames.push(frame)
    return true
  }

  stateOf(ticket: number, sequence: number): DeliveryState {
    return this.#sequences[ticket] === sequence ? this.#states[ticket]! : 'unknown'
  }

  cut(slot: number, epoch: number, above: number): void {
    this.#cutEpochs[slot] = epoch
    this.#cutOffsets[slot] = above
  }

  /** Handlers of these slots that wait are told to give up. */
  abort(slots: readonly number[]): void {
    for (const delivery of this.#running) if (slots.includes(delivery.slot)) delivery.aborted = true
  }

  boot(): void {
    this.state = 'up'
    this.retired = false
    this.stuck = false
    this.failedStarts = 0
    this.#failedEpochs = []
    this.#queue = new KeyedQueue(this.#shape.concurrency)
    this.#received = []
  }

  /** Its JavaScript stops here. */
  exit(): void {
    this.state = 'exited'
    this.stuck = false
    if (this.#busy !== undefined) this.#listener.stopped(this.#busy)
    for (const delivery of this.#running) this.#listener.stopped(delivery)
    if (this.#starting !== undefined) this.#listener.dropped(this.#starting)
    for (const frame of this.#frames) for (const delivery of frame) this.#listener.dropped(delivery)
    for (const delivery of this.#received) if (delivery !== undefined) this.#listener.dropped(delivery)
    this.#busy = undefined
    this.#starting = undefined
    this.#running = []
    this.#frames = []
    this.#received = []
    this.#acks = []
  }

  // ── its own steps; each says whether there was anything to do ──────────────────────────────────────────────────

  get canReceive(): boolean {
    return this.#frames.length > 0 && this.#isFree
  }

  /** @returns how many records came */
  receive(): number {
    const frame = this.#frames.shift()!
    for (const delivery of frame) {
      this.#received[delivery.ticket] = delivery
      this.#queue.push(this.#queueKeyOf(delivery), delivery.ticket)
    }
    return frame.length
  }

  publish(): boolean {
    if (!this.#isFree) return false
    const ticket = this.#queue.take()
    if (ticket === -1) return false
    const delivery = this.#received[ticket]!
    this.#mark(delivery, 'running')
    this.#received[ticket] = undefined
    this.#starting = delivery
    this.#listener.published(this.#index, delivery)
    return true
  }

  /** Reads the control words, then calls the handler or hands the record back. */
  start(choice: Random): boolean {
    const delivery = this.#starting
    if (delivery === undefined || this.#isHeld()) return false
    this.#starting = undefined
    if (!this.#mayStart(delivery)) {
      this.#listener.refused(this.#index, delivery)
      this.#end(delivery, 'discarded', choice)
      return true
    }
    this.#listener.started(this.#index, delivery)
    if (choice.percent(this.#shape.syncHandlers)) this.#busy = delivery
    else this.#running.push(delivery)
    return true
  }

  get canFinish(): boolean {
    return !this.stuck && this.#starting === undefined && (this.#busy !== undefined || this.#running.length > 0)
  }

  /** A handler ends, well or not. */
  finish(fails: boolean, choice: Random): boolean {
    if (!this.canFinish) return false
    let delivery = this.#busy
    this.#busy = undefined
    if (delivery === undefined) delivery = this.#running.splice(choice.below(this.#running.length), 1)[0]!
    // One that was told that its result is not wanted may give up: no failure of the record.
    const how = delivery.aborted && choice.percent(50) ? 'discarded' : fails && !delivery.aborted ? 'failed' : 'done'
    if (how === 'failed' && this.#shape.onExhausted === 'stop') this.#failedEpochs[delivery.slot] = delivery.epoch
    this.#listener.ended(this.#index, delivery, how)
    this.#end(delivery, how, choice)
    return true
  }

  get canFlush(): boolean {
    return this.#acks.length > 0 && this.#isFree
  }

  /** @returns how many acks were posted */
  flush(): number {
    const acks = Int32Array.from(this.#acks)
    this.#acks = []
    this.posted.push(acks)
    return acks.length / ACK_WORDS
  }

  get #isFree(): boolean {
    return this.isAlive && this.#starting === undefined && this.#busy === undefined
  }

  #mayStart({ slot, epoch, offset }: Delivery): boolean {
    if (epoch <= (this.#failedEpochs[slot] ?? 0)) return false
    const cutEpoch = this.#cutEpochs[slot]
    if (cutEpoch === undefined) return true
    return epoch > cutEpoch || (epoch === cutEpoch && offset <= this.#cutOffsets[slot]!)
  }

  #end(delivery: Delivery, state: 'done' | 'failed' | 'discarded', choice: Random): void {
    this.#mark(delivery, state)
    this.#queue.done(this.#queueKeyOf(delivery))
    this.#acks.push(delivery.ticket, delivery.sequence, Outcome[state], choice.below(20_000))
  }

  #mark({ ticket, sequence }: Delivery, state: DeliveryState): void {
    if (this.#sequences[ticket] !== sequence) {
      throw new Error(`ticket ${ticket} was given away while its delivery was alive`)
    }
    this.#states[ticket] = state
  }

  /** As the executor of the runtime does it. */
  #queueKeyOf({ slot, key }: Delivery): number {
    const { ordering } = this.#shape
    if (ordering === 'partition') return slot
    if (ordering === 'none' || key < 0) return NO_KEY
    return (Math.imul(slot, 0x9e3779b1) ^ hashes[key]!) >>> 1
  }
}
