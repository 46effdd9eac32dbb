import type { PartitionSlot, RecordBatch } from '../src/record-batch.js'

export interface SyntheticRecord {
  readonly slot: PartitionSlot
  readonly offset: number
  readonly hash: number
  readonly key: boolean
  readonly size: number
  readonly timestamp: number
}

export interface SyntheticBatch extends RecordBatch {
  released: boolean
  pick(indexes: readonly number[]): SyntheticBatch
}

/** Columns of records that exist nowhere else. @param byteLength what the batch pretends to keep in memory */
export function syntheticBatch(records: readonly SyntheticRecord[], byteLength = 100_000): SyntheticBatch {
  const batch: SyntheticBatch = {
    released: false,
    length: records.length,
    live: records.length,
    byteLength,
    slots: Int32Array.from(records, ({ slot }) => slot),
    offsets: Float64Array.from(records, ({ offset }) => offset),
    timestamps: Float64Array.from(records, ({ timestamp }) => timestamp),
    keyHashes: Uint32Array.from(records, ({ hash, key }) => (key ? hash : 0)),
    keyLengths: Int32Array.from(records, ({ key }) => (key ? 4 : -1)),
    sizes: Int32Array.from(records, ({ size }) => size),
    pick: (indexes) =>
      syntheticBatch(
        indexes.map((index) => records[index]!),
        (byteLength * indexes.length) / records.length,
      ),
    release: () => {
      if (batch.released) throw new Error('a batch was released twice')
      if (batch.live !== 0) throw new Error(`a batch was released with ${batch.live} of its records alive`)
      batch.released = true
      // Whoever still reads it finds nonsense.
      batch.offsets.fill(Number.NaN)
      batch.slots.fill(-1)
      batch.sizes.fill(-1)
    },
  }
  return batch
}
