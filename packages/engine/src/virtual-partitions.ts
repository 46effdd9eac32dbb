/**
 * Which thread a record goes to.
 *
 * Affinity 'hash' pins a key for ever: `keyHash % N`, so per-thread caches work. Affinity 'in-flight' pins it only while
 * it has messages in flight and otherwise picks the least loaded thread: the same order per key, and with skewed keys
 * far more of the threads in use. Records without an order (null keys, ordering 'none') go to the least loaded thread.
 */
import type { PartitionSlot } from './record-batch.js'

/** What keeps its order: the records of a key in a partition, all records of a partition, or nothing. */
export type Ordering = 'key' | 'partition' | 'none'
/** How long a key stays on its thread: for ever, or while it has messages in flight. */
export type Affinity = 'hash' | 'in-flight'

/** Two 32-bit numbers share one: slot and key hash in a key's identity, thread and messages in flight in its pin. */
const UPPER = 2 ** 32

export class VirtualPartitions {
  readonly #threads: number
  readonly #ordering: Ordering
  readonly #affinity: Affinity
  /** Messages in flight per thread, counted by `route` and `release`. */
  readonly #load: Int32Array
  /** Affinity 'in-flight': key identity to `thread * 2^32 + messages in flight`. Never larger than the window. */
  readonly #pins = new Map<number, number>()

  constructor(threads: number, ordering: Ordering, affinity: Affinity) {
    this.#threads = threads
    this.#ordering = ordering
    this.#affinity = affinity
    this.#load = new Int32Array(threads)
  }

  /** Counts the record in. It stays on the returned thread until `release`, whatever happens to the thread. */
  route(slot: PartitionSlot, hash: number, hasKey: boolean): number {
    const thread = this.#pick(slot, hash, hasKey)
    this.#load[thread]!++
    return thread
  }

  /** The record has ended, or was given up: its key may move when it was the last of it. */
  release(thread: number, slot: PartitionSlot, hash: number, hasKey: boolean): void {
    this.#load[thread]!--
    if (this.#affinity === 'hash' || !this.#isOrdered(hasKey)) return
    const identity = this.#identity(slot, hash)
    const pin = this.#pins.get(identity)!
    if (pin % UPPER === 1) this.#pins.delete(identity)
    else this.#pins.set(identity, pin - 1)
  }

  /** Messages in flight of a thread. */
  load(thread: number): number {
    return this.#load[thread]!
  }

  #pick(slot: PartitionSlot, hash: number, hasKey: boolean): number {
    if (!this.#isOrdered(hasKey)) return this.#leastLoaded()
    if (this.#affinity === 'hash') {
      return (this.#ordering === 'partition' ? slot : hash) % this.#threads
    }
    const identity = this.#identity(slot, hash)
    const pin = this.#pins.get(identity)
    if (pin !== undefined) {
      this.#pins.set(identity, pin + 1)
      return Math.floor(pin / UPPER)
    }
    const thread = this.#leastLoaded()
    this.#pins.set(identity, thread * UPPER + 1)
    return thread
  }

  #isOrdered(hasKey: boolean): boolean {
    return this.#ordering === 'partition' || (this.#ordering === 'key' && hasKey)
  }

  #identity(slot: PartitionSlot, hash: number): number {
    return this.#ordering === 'partition' ? slot * UPPER : slot * UPPER + hash
  }

  #leastLoaded(): number {
    let best = 0
    for (let thread = 1; thread < this.#threads; thread++) if (this.#load[thread]! < this.#load[best]!) best = thread
    return best
  }
}
