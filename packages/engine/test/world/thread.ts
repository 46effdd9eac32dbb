/**
 * A worker thread as the engine may rely on it: frames arrive in order, each start is published on the board before the
 * control words are read, each end is on the board before its ack is posted, and a death loses what was not posted.
 */
import { ACK_WORDS, type DeliveryState, Outcome } from '../../src/effects.js'
import { KeyedQueue, NO_KEY } from '../../src/keyed-queue.js'
import type { Ordering } from '../../src/virtual-partitions.js'
import type { SyntheticRecord } from './batch.js'
import type { Judge } from './judge.js'
import type { Random } from './random.js'

export interface Delivery {
  readonly ticket: number
  readonly sequence: number
  readonly epoch: number
  readonly record: SyntheticRecord
}

interface BoardEntry {
  sequence: number
  state: DeliveryState
}

export class ModelThread {
  /** up → dying (its posted acks are still on their way) → down (told to the engine) → up */
  state: 'up' | 'dying' | 'down' = 'down'
  /** Acks that were posted, oldest first: they arrive even when the thread dies. */
  readonly posted: Int32Array[] = []
  readonly #ordering: Ordering
  readonly #concurrency: number
  readonly #judge: Judge
  readonly #random: Random
  #frames: Delivery[][] = []
  #board = new Map<number, BoardEntry>()
  /** By slot: deliveries of older epochs, or of this one above the offset, must not start. */
  #cuts = new Map<number, { epoch: number; above: number }>()
  #queue: KeyedQueue
  /** What the queue's items stand for. */
  #items: Delivery[] = []
  /** Published as running, about to read the control words. */
  #starting: Delivery[] = []
  #running: Delivery[] = []
  #acks: number[] = []

  constructor(ordering: Ordering, concurrency: number, judge: Judge, random: Random) {
    this.#ordering = ordering
    this.#concurrency = concurrency
    this.#judge = judge
    this.#random = random
    this.#queue = new KeyedQueue(concurrency)
  }

  get idle(): boolean {
    return this.#frames.length + this.#queue.queued + this.#queue.running + this.#acks.length === 0
  }

  get isRunning(): boolean {
    return this.#running.length > 0
  }

  // ── what main does to it ───────────────────────────────────────────────────────────────────────────────────────

  /** Frames to a dead thread are lost. */
  post(frame: Delivery[]): void {
    if (this.state === 'up') this.#frames.push(frame)
  }

  boardOf(ticket: number, sequence: number): DeliveryState {
    const entry = this.#board.get(ticket)
    return entry?.sequence === sequence ? entry.state : 'unknown'
  }

  cut(slot: number, epoch: number, above: number): void {
    this.#cuts.set(slot, { epoch, above })
  }

  boot(): void {
    this.state = 'up'
    this.#board = new Map()
    this.#cuts = new Map()
    this.#queue = new KeyedQueue(this.#concurrency)
    this.#items = []
  }

  /** All its JavaScript stops here; its board stays readable. */
  die(): void {
    this.state = 'dying'
    for (const delivery of this.#running) this.#judge.stopped(delivery)
    this.#running = []
    this.#starting = []
    this.#frames = []
    this.#acks = []
  }

  // ── its own steps ──────────────────────────────────────────────────────────────────────────────────────────────

  receive(): void {
    for (const delivery of this.#frames.shift() ?? []) {
      this.#board.set(delivery.ticket, { sequence: delivery.sequence, state: 'queued' })
      this.#queue.push(this.#keyOf(delivery.record), this.#items.push(delivery) - 1)
    }
  }

  /** Publishes the next start. Whether it may be is read later, in `start`. */
  publish(): void {
    if (this.state !== 'up') return
    const item = this.#queue.take()
    if (item === -1) return
    const delivery = this.#items[item]!
    this.#mark(delivery, 'running')
    this.#starting.push(delivery)
  }

  start(): void {
    const delivery = this.#starting.shift()
    if (delivery === undefined) return
    const { slot, offset } = delivery.record
    const cut = this.#cuts.get(slot)
    if (cut !== undefined && (delivery.epoch < cut.epoch || (delivery.epoch === cut.epoch && offset > cut.above))) {
      this.#end(delivery, 'discarded')
      return
    }
    this.#judge.started(delivery)
    this.#running.push(delivery)
  }

  finish(outcome: 'done' | 'failed'): void {
    if (this.#running.length === 0) return
    const [delivery] = this.#running.splice(this.#random.int(0, this.#running.length - 1), 1) as [Delivery]
    this.#judge.ended(delivery)
    this.#end(delivery, outcome)
  }

  flush(): void {
    if (this.#acks.length === 0) return
    this.posted.push(Int32Array.from(this.#acks))
    this.#acks = []
  }

  #end(delivery: Delivery, state: 'done' | 'failed' | 'discarded'): void {
    this.#mark(delivery, state)
    this.#queue.done(this.#keyOf(delivery.record))
    this.#acks.push(delivery.ticket, delivery.sequence, Outcome[state], this.#random.int(0, 20_000))
    if (this.#acks.length % ACK_WORDS !== 0) throw new Error('an ack has another length')
  }

  #mark({ ticket, sequence }: Delivery, state: DeliveryState): void {
    const entry = this.#board.get(ticket)
    if (entry?.sequence !== sequence) throw new Error(`ticket ${ticket} was given away while its delivery was alive`)
    entry.state = state
  }

  #keyOf({ slot, hash, key }: SyntheticRecord): number {
    if (this.#ordering === 'partition') return slot
    return this.#ordering === 'key' && key ? slot * 2 ** 32 + hash : NO_KEY
  }
}
