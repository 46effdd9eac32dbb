export {
  type AssignedPartition,
  AssignmentTable,
  nameOf,
  PartitionAssignment,
  type TopicPartition,
} from './assignment.js'
export {
  ACK_WORDS,
  type DeliveryState,
  type Effects,
  Outcome,
  type StopReason,
} from './effects.js'
export { InFlightTable, Phase } from './in-flight-table.js'
export { keyHash, virtualPartition } from './key-hash.js'
export { KeyedQueue, NO_KEY } from './keyed-queue.js'
export { OffsetTracker } from './offset-tracker.js'
export type { PartitionSlot, RecordBatch } from './record-batch.js'
export type { Ordering } from './virtual-partitions.js'
export { type Counters, WorkEngine } from './work-engine.js'
export type { WorkEngineOptions } from './work-engine-options.js'
