/**
 * Which thread a record goes to.
 *
 * Affinity 'hash' pins a key for ever: `keyHash % N`, so per-thread caches work. Affinity 'in-flight' pins it only while
 * it has messages in flight and otherwise picks the thread with the least burden: the same order per key, and with skewed
 * keys far more of the threads in use. Records without an order (null keys, ordering 'none') go there too.
 *
 * In the burden of a thread a key counts by the square of what it has in flight there, as far as that is of one lane. So a
 * hot key, whose records wait for each other and for whatever stands between them, comes to have a lane nearly to itself.
 *
 * Two hot keys that have met on a thread would stay together, for neither runs out of messages. One of them moves: its
 * records wait until nothing of it is in flight, and go to another thread then.
 */
import type { PartitionSlot } from './record-batch.js'

/** What keeps its order: the records of a key in a partition, all records of a partition, or nothing. */
export type Ordering = 'key' | 'partition' | 'none'
/** How long a key stays on its thread: for ever, or while it has messages in flight. */
export type Affinity = 'hash' | 'in-flight'

/** What `route` answers for a record of a key that moves. */
export const MOVES = -1
/** A key with fewer messages in flight soon has none: it need not be moved. */
const LEAST_TO_MOVE = 4
/** More of a key count as so many: they may wait for a retry for minutes, and their thread has time for others. */
const MOST_THAT_COUNT = 12

/** Two 32-bit numbers share one: slot and key hash in a key's identity, thread and messages in flight in its pin. */
const UPPER = 2 ** 32

export class VirtualPartitions {
  readonly #threads: number
  readonly #ordering: Ordering
  readonly #affinity: Affinity
  readonly #lanes: number
  /** Messages in flight per thread, counted by `route` and `release`. */
  readonly #load: Float64Array
  /** What `#leastBurdened` compares, in parts of a lane; with affinity 'hash' the load itself. With many lanes beyond 32 bits. */
  readonly #burden: Float64Array
  /** Affinity 'in-flight': key identity to `thread * 2^32 + messages in flight`. Never larger than the window. */
  readonly #pins = new Map<number, number>()
  /** Keys that move. They are no burden any more to the thread that they leave. */
  readonly #moving = new Set<number>()
  #anyArrived = false
  #mayMove = true

  /** @param lanes handlers that may be in progress at once in one thread */
  constructor(threads: number, ordering: Ordering, affinity: Affinity, lanes = 1) {
    this.#threads = threads
    this.#ordering = ordering
    this.#affinity = affinity
    this.#lanes = lanes
    this.#load = new Float64Array(threads)
    this.#burden = affinity === 'hash' ? this.#load : new Float64Array(threads)
  }

  /**
   * Counts the record in. It stays on the returned thread until `release`, whatever happens to the thread.
   * @returns `MOVES` where its key moves: it is not counted, and comes again after `arrive`, before any later one of its key
   */
  route(slot: PartitionSlot, hash: number, hasKey: boolean): number {
    const thread = this.#threadOf(slot, hash, hasKey)
    if (thread !== MOVES) this.#load[thread]!++
    return thread
  }

  /** The record has ended, or was given up: its key may move when it was the last of it. */
  release(thread: number, slot: PartitionSlot, hash: number, hasKey: boolean): void {
    this.#load[thread]!--
    if (this.#affinity === 'hash') return
    if (!this.#isOrdered(hasKey)) {
      this.#burden[thread]! -= this.#weight(1)
      return
    }
    const identity = this.#identity(slot, hash)
    const pin = this.#pins.get(identity)!
    const inFlight = pin % UPPER
    const moves = this.#moving.size > 0 && this.#moving.has(identity)
    if (!moves) this.#burden[thread]! -= this.#weight(inFlight) - this.#weight(inFlight - 1)
    if (inFlight > 1) this.#pins.set(identity, pin - 1)
    else {
      this.#pins.delete(identity)
      this.#anyArrived ||= moves
    }
  }

  /** Keys stay where they are while they have messages in flight: handlers take batches, in which none waits for another. */
  stay(): void {
    this.#mayMove = false
  }

  /** @returns whether keys that moved have nothing in flight any more: what waits of them may be routed now, in its order */
  arrive(): boolean {
    if (!this.#anyArrived) return false
    this.#anyArrived = false
    for (const identity of this.#moving) if (!this.#pins.has(identity)) this.#moving.delete(identity)
    return true
  }

  /** Messages in flight of a thread. */
  load(thread: number): number {
    return this.#load[thread]!
  }

  #threadOf(slot: PartitionSlot, hash: number, hasKey: boolean): number {
    const isOrdered = this.#isOrdered(hasKey)
    if (this.#affinity === 'in-flight' && isOrdered) return this.#pin(this.#identity(slot, hash))
    if (isOrdered) return remainder(this.#ordering === 'partition' ? slot : hash, this.#threads)
    const thread = this.#leastBurdened()
    if (this.#affinity === 'in-flight') this.#burden[thread]! += this.#weight(1)
    return thread
  }

  #pin(identity: number): number {
    if (this.#moving.size > 0 && this.#moving.has(identity)) return MOVES
    const pin = this.#pins.get(identity)
    const thread = pin === undefined ? this.#leastBurdened() : Math.floor(pin / UPPER)
    const inFlight = pin === undefined ? 0 : pin % UPPER
    if (inFlight >= LEAST_TO_MOVE && this.#mayMove && this.#shouldLeave(thread, inFlight)) {
      this.#burden[thread]! -= this.#weight(inFlight)
      this.#moving.add(identity)
      return MOVES
    }
    this.#burden[thread]! += this.#weight(inFlight + 1) - this.#weight(inFlight)
    this.#pins.set(identity, thread * UPPER + inFlight + 1)
    return thread
  }

  /** Of the messages in flight of one key: a lane for the first, and what follows it fills no more than one. */
  #weight(inFlight: number): number {
    return inFlight === 0 ? 0 : this.#lanes - 1 + Math.min(inFlight, MOST_THAT_COUNT) ** 2
  }

  /**
   * Whether what else its thread has weighs more than the key's own messages, which it waits for once, and twice what another
   * thread has: behind that it would wait too, and keys that are alike must not change places for ever. The first comparison
   * only spares most keys the second, which looks at all threads.
   */
  #shouldLeave(thread: number, inFlight: number): boolean {
    const beside = this.#burden[thread]! - this.#weight(inFlight)
    const own = this.#lanes * Math.min(inFlight, MOST_THAT_COUNT)
    return beside > own && beside > own + 2 * this.#burden[this.#leastBurdened()]!
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

/** Of whole numbers without a sign, for which V8 then divides as such. It would divide doubles, which takes 20 ns and more. */
function remainder(dividend: number, divisor: number): number {
  return ((dividend >>> 0) % (divisor >>> 0)) | 0
}
