/** What the consumer needs of a reader, native or portable: pull, one read in flight, nothing taken that was not asked for. */
import type { PartitionSlot, TopicPartition } from '@zk/engine'
import type { PackedBatch } from './packed-batch.js'

export interface ReadResult {
  batch: PackedBatch | undefined
  /** Partitions whose end was reached, with the next offset there. Valid after the batch. */
  ends: readonly { slot: PartitionSlot; offset: number }[]
  /** Errors that the consumer met while reading. */
  errors: readonly ReadError[]
}

export interface ReadError {
  /** librdkafka's code. */
  code: number
  message: string
  fatal: boolean
}

export interface Reader {
  readonly kind: 'native' | 'portable'
  /** Before the partition is assigned to the consumer. */
  attach(slot: PartitionSlot, partition: TopicPartition): void
  /** Nothing more is read of the partition. What has been read stays available to `take`. */
  detach(slot: PartitionSlot): void
  setPaused(slot: PartitionSlot, paused: boolean): void
  /**
   * Asks for records, at most so many and so many bytes. It stands until it has brought some; one request at a time. The
   * portable reader goes on by itself up to the whole of it, and may exceed it by one read.
   *
   * @param inFlight by slot, how many records of a partition were read and have not ended. The native reader brings more of
   *   those that have few; the portable one has all partitions in one queue
   */
  request(records: number, bytes: number, inFlight?: Int32Array): void
  /** What was read since the last take, at once. Empty results are undefined. */
  take(): ReadResult | undefined
  /** Resolves when no read is under way, and begins none until `release`: what the last one brought waits for `take`. */
  hold(): Promise<void>
  release(): void
  /** Stops reading for good. Before the consumer disconnects. */
  close(): Promise<void>
}
