/** Small number standing for a topic partition, fixed for the life of a work: an index into arrays on every side. */
export type PartitionSlot = number

/**
 * Records as columns, index by index. The engine sees nothing else of a record: bytes, headers and timestamps stay with
 * whoever made the batch, and the engine needs no object per record.
 */
export interface RecordBatch {
  readonly length: number
  /** Bytes that the batch keeps in memory as long as one of its records is alive. */
  readonly byteLength: number
  /** Records of the batch that have not ended. Kept by the engine: whoever makes a batch sets it to `length`. */
  live: number
  readonly slots: Int32Array
  readonly offsets: Float64Array
  /** Milliseconds since 1970; -1 where the record has none. */
  readonly timestamps: Float64Array
  /** fmix32(murmur2(key)); 0 for a null key. */
  readonly keyHashes: Uint32Array
  /** Bytes of the key, -1 for a null key. */
  readonly keyLengths: Int32Array
  /** Bytes of key, value and headers together: what the window counts. */
  readonly sizes: Int32Array
  /** A new batch of these records alone, in this order, so that the rest of the bytes can be freed. */
  pick(indexes: readonly number[]): RecordBatch
  /** Called once, when none of its records is alive: nobody reads the batch any more, and its memory may be reused. */
  release(): void
}
