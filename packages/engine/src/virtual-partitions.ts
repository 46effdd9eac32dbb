/**
 * Which thread a record goes to.
 *
 * Affinity 'hash' pins a key for ever: `keyHash % N`, so per-thread caches work. Affinity 'in-flight' pins it only while
 * it has messages in flight and otherwise picks the thread with the least burden: the same order per key, and with skewed
 * keys far more of the threads in use. Records without an order (null keys, ordering 'none') go there too.
 *
 * The burden of a thread is the sum of the squares of what each key has in flight there. So a hot key, whose records wait
 * for each other and for whatever stands between them, comes to have a thread nearly to itself.
 *
 * Two hot keys that have met on a thread would stay together, for neither runs out of messages. One of them moves: its
 * records are held until nothing of it is in flight, and go to another thread then.
 */
import type { PartitionSlot } from './record-batch.js'

/** What keeps its order: the records of a key in a partition, all records of a partition, or nothing. */
export type Ordering = 'key' | 'partition' | 'none'
/** How long a key stays on its thread: for ever, or while it has messages in flight. */
export type Affinity = 'hash' | 'in-flight'

/** What `route` answers for a record of a key that moves. */
export const HELD = -1
/** A key with fewer messages in flight soon has none: it need not be moved. */
const LEAST_TO_MOVE = 4

/** Two 32-bit numbers share one: slot and key hash in a key's identity, thread and messages in flight in its pin. */
const UPPER = 2 ** 32

export class VirtualPartitions {
  readonly #threads: number
  readonly #ordering: Ordering
  readonly #affinity: Affinity
  /** Messages in flight per thread, counted by `route` and `release`. */
  readonly #load: Int32Array
  /** What `#leastBurdened` compares: with affinity 'hash' the load itself. */
  readonly #burden: Int32Array
  /** Affinity 'in-flight': key identity to `thread * 2^32 + messages in flight`. Never larger than the window. */
  readonly #pins = new Map<number, number>()
  /** Keys that move, and the threads that they leave; of each thread at most one. */
  readonly #moving = new Map<number, number>()
  #anyArrived = false

  constructor(threads: number, ordering: Ordering, affinity: Affinity) {
    this.#threads = threads
    this.#ordering = ordering
    this.#affinity = affinity
    this.#load = new Int32Array(threads)
    this.#burden = affinity === 'hash' ? this.#load : new Int32Array(threads)
  }

  /**
   * Counts the record in. It stays on the returned thread until `release`, whatever happens to the thread.
   * @returns `HELD` where its key moves: it is not counted, and comes again after `arrive`, before any later one of its key
   */
  route(slot: PartitionSlot, hash: number, hasKey: boolean): number {
    const isOrdered = this.#isOrdered(hasKey)
    if (this.#affinity === 'in-flight') return isOrdered ? this.#pin(this.#identity(slot, hash)) : this.#spread()
    const thread = isOrdered ? (this.#ordering === 'partition' ? slot : hash) % this.#threads : this.#leastBurdened()
    this.#load[thread]!++
    return thread
  }

  /** The record has ended, or was given up: its key may move when it was the last of it. */
  release(thread: number, slot: PartitionSlot, hash: number, hasKey: boolean): void {
    this.#load[thread]!--
    if (this.#affinity === 'hash') return
    if (!this.#isOrdered(hasKey)) {
      this.#burden[thread]!--
      return
    }
    const identity = this.#identity(slot, hash)
    const pin = this.#pins.get(identity)!
    const inFlight = pin % UPPER
    this.#burden[thread]! -= 2 * inFlight - 1
    if (inFlight > 1) this.#pins.set(identity, pin - 1)
    else {
      this.#pins.delete(identity)
      this.#anyArrived ||= this.#moving.has(identity)
    }
  }

  /** @returns whether keys that moved have nothing in flight any more: what was held of them may be routed now, in its order */
  arrive(): boolean {
    if (!this.#anyArrived) return false
    this.#anyArrived = false
    for (const identity of this.#moving.keys()) if (!this.#pins.has(identity)) this.#moving.delete(identity)
    return true
  }

  /** Messages in flight of a thread. */
  load(thread: number): number {
    return this.#load[thread]!
  }

  /** Affinity 'in-flight', a record that waits for no other. */
  #spread(): number {
    const thread = this.#leastBurdened()
    this.#load[thread]!++
    this.#burden[thread]!++
    return thread
  }

  /** Affinity 'in-flight', a record with an order. */
  #pin(identity: number): number {
    if (this.#moving.size > 0 && this.#moving.has(identity)) return HELD
    const pin = this.#pins.get(identity)
    const thread = pin === undefined ? this.#leastBurdened() : Math.floor(pin / UPPER)
    const inFlight = pin === undefined ? 0 : pin % UPPER
    if (inFlight >= LEAST_TO_MOVE && this.#shouldLeave(thread, inFlight)) {
      this.#moving.set(identity, thread)
      return HELD
    }
    this.#load[thread]!++
    this.#burden[thread]! += 2 * inFlight + 1
    this.#pins.set(identity, thread * UPPER + inFlight + 1)
    return thread
  }

  /** Whether what else its thread has weighs more than the key's own messages and twice what another thread has. */
  #shouldLeave(thread: number, inFlight: number): boolean {
    const beside = this.#burden[thread]! - inFlight ** 2
    if (beside <= inFlight || beside <= inFlight + 2 * this.#burden[this.#leastBurdened()]!) return false
    for (const left of this.#moving.values()) if (left === thread) return false
    return true
  }

  #isOrdered(hasKey: boolean): boolean {
    return this.#ordering === 'partition' || (this.#ordering === 'key' && hasKey)
  }

  #identity(slot: PartitionSlot, hash: number): number {
    return this.#ordering === 'partition' ? slot * UPPER : slot * UPPER + hash
  }

  #leastBurdened(): number {
    const burden = this.#burden
    let best = 0
    for (let thread = 1; thread < this.#threads; thread++) if (burden[thread]! < burden[best]!) best = thread
    return best
  }
}
