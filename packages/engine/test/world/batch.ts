import type { PartitionSlot, RecordBatch } from '../../src/record-batch.js'

export interface SyntheticRecord {
  readonly slot: PartitionSlot
  readonly offset: number
  readonly hash: number
  readonly key: boolean
  readonly size: number
}

export interface SyntheticBatch extends RecordBatch {
  pick(indexes: readonly number[]): SyntheticBatch
}

/** Columns of records that exist nowhere else. @param byteLength what the batch pretends to keep in memory */
export function syntheticBatch(records: readonly SyntheticRecord[], byteLength = 100_000): SyntheticBatch {
  return {
    length: records.length,
    live: records.length,
    byteLength,
    slots: Int32Array.from(records, ({ slot }) => slot),
    offsets: Float64Array.from(records, ({ offset }) => offset),
    keyHashes: Uint32Array.from(records, ({ hash, key }) => (key ? hash : 0)),
    keyLengths: Int32Array.from(records, ({ key }) => (key ? 4 : -1)),
    sizes: Int32Array.from(records, ({ size }) => size),
    pick: (indexes) =>
      syntheticBatch(
        indexes.map((index) => records[index]!),
        (byteLength * indexes.length) / records.length,
      ),
  }
}
