/** A batch as a reader makes it, of records that exist nowhere else. Whoever reads it after its release finds nonsense. */
import { keyHash, type RecordBatch } from '@zk/engine'
import type { Records } from './records.js'

/** The routing hashes of the keys: their index, hashed. */
export const hashes = Uint32Array.from({ length: 16 }, (_, key) => keyHash(Uint8Array.of(key)))

/** Large enough that batches of which little is left are copied out. */
const BYTES_EACH = 70_000

export class SimBatch implements RecordBatch {
  readonly length: number
  readonly byteLength: number
  live: number
  readonly slots: Int32Array
  readonly offsets: Float64Array
  readonly timestamps: Float64Array
  readonly keyHashes: Uint32Array
  readonly keyLengths: Int32Array
  readonly sizes: Int32Array
  released = false
  /** By index: the record, and the tenure of its partition in which it was read. */
  readonly ids: number[]
  readonly tenures: number[]

  constructor(records: Records, ids: number[], slots: readonly number[], tenures: number[]) {
    const { length } = ids
    this.length = length
    this.byteLength = BYTES_EACH * length
    this.live = length
    this.ids = ids
    this.tenures = tenures
    this.slots = new Int32Array(length)
    this.offsets = new Float64Array(length)
    this.timestamps = new Float64Array(length)
    this.keyHashes = new Uint32Array(length)
    this.keyLengths = new Int32Array(length)
    this.sizes = new Int32Array(length)
    for (let i = 0; i < length; i++) {
      const id = ids[i]!
      const key = records.key[id]!
      this.slots[i] = slots[i]!
      this.offsets[i] = records.offset[id]!
      this.timestamps[i] = records.timestamp[id]!
      this.keyHashes[i] = key < 0 ? 0 : hashes[key]!
      this.keyLengths[i] = key < 0 ? -1 : 1
      this.sizes[i] = records.size[id]!
    }
    this.#records = records
  }

  readonly #records: Records

  pick(indexes: readonly number[]): SimBatch {
    return new SimBatch(
      this.#records,
      indexes.map((i) => this.ids[i]!),
      indexes.map((i) => this.slots[i]!),
      indexes.map((i) => this.tenures[i]!),
    )
  }

  release(): void {
    if (this.released) throw new Error('a batch was released twice')
    if (this.live !== 0) throw new Error(`a batch was released with ${this.live} of its records alive`)
    this.released = true
    this.offsets.fill(Number.NaN)
    this.slots.fill(-1)
    this.sizes.fill(-1)
  }
}
