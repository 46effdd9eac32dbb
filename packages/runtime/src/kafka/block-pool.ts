/**
 * Memory for blocks, used again and again. Under load a block passes every millisecond; with fresh memory for each, the
 * kernel would clear its pages, no cache would know them, and V8 would collect garbage to be rid of them: that was a
 * fifth of what a message cost.
 *
 * What is not kept is given back when its batch is released, not when V8 collects it: in a window that is full of slow
 * records, reads are small, each has memory of its own, and the garbage would be as large as the window.
 */
import { freeBuffer } from '../free-buffer.js'
import { PackedBatch } from './packed-batch.js'

const SMALLEST = 64 * 1024
const LARGEST = 512 * 1024
/** Buffers kept for later. A window that is read in eighths has some ten in use. */
const KEPT = 16
/** What was not needed for so many blocks is given back: it was there for a window that was fuller of half-ended blocks. */
const LOOK_EVERY = 64

export class BlockPool {
  #size = SMALLEST
  #free: ArrayBuffer[] = []
  /** The fewest that were free beside the lent one, of the last `#blocks` times that one was lent. */
  #leastFree = KEPT
  #blocks = 0
  /** With the reader. */
  #lent: ArrayBuffer | undefined

  /** A buffer for the reader to pack the next block into. One at a time: it comes back in `batchOf`. */
  lend(): ArrayBuffer {
    if (this.#lent !== undefined) throw new Error('the reader has a buffer already: one request at a time')
    // The one that was there last: caches know it best.
    this.#lent = this.#free.pop() ?? new ArrayBuffer(this.#size)
    this.#giveBackUnused()
    return this.#lent
  }

  /** @param block what was read: the lent buffer or, for a record that is larger, memory of its own */
  batchOf(block: ArrayBuffer): PackedBatch {
    const lent = this.#lent!
    this.#lent = undefined
    const { records, bytes: used } = PackedBatch.extent(block)
    this.#follow(used, records)
    const inLent = block === lent
    if (inLent && used * 2 >= block.byteLength) return new PackedBatch(block, this.#takeBack)
    // A trickle must not pin a whole buffer for every few records.
    const own = inLent ? block.slice(0, used) : block
    this.#takeBack(lent)
    return new PackedBatch(own, freeBuffer)
  }

  /** Buffers are about as large as the blocks that come: small enough for caches, large enough to be few. */
  #follow(used: number, records: number): void {
    const before = this.#size
    // It was full: one more such record, or the spare room that the addon keeps for padding, would not have fitted.
    if (used + Math.max(used / records, before / 8) > before) this.#size = Math.min(before * 2, LARGEST)
    else if (used < before / 8) this.#size = Math.max(before / 2, SMALLEST)
    if (this.#size === before) return
    for (const buffer of this.#free) freeBuffer(buffer)
    this.#free = []
  }

  #giveBackUnused(): void {
    this.#leastFree = Math.min(this.#leastFree, this.#free.length)
    if (++this.#blocks < LOOK_EVERY) return
    for (const buffer of this.#free.splice(0, this.#leastFree)) freeBuffer(buffer)
    this.#leastFree = KEPT
    this.#blocks = 0
  }

  readonly #takeBack = (buffer: ArrayBuffer) => {
    if (buffer.byteLength === this.#size && this.#free.length < KEPT) this.#free.push(buffer)
    else freeBuffer(buffer)
  }
}
