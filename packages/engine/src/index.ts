export {
  type AssignedPartition,
  AssignmentTable,
  nameOf,
  PartitionAssignment,
  type TopicPartition,
} from './assignment.js'
export { ConcurrencyLimit, type LaneTotals, type LimitDecision, type LimitReason } from './concurrency-limit.js'
export {
  ACK_WORDS,
  type CircuitScope,
  type CircuitState,
  type Completion,
  type DeliveryState,
  type Effects,
  FailureFlag,
  MAX_ACK_MICROS,
  Outcome,
  type StopReason,
} from './effects.js'
export { Care, InFlightTable, Phase } from './in-flight-table.js'
export { keyHash, murmur2, virtualPartition } from './key-hash.js'
export { KeyedQueue, NO_KEY } from './keyed-queue.js'
export { OffsetTracker } from './offset-tracker.js'
export type { PartitionSlot, RecordBatch } from './record-batch.js'
export type { Counters } from './record-endings.js'
export type { ThreadEnd } from './thread-deaths.js'
export type { Ordering } from './virtual-partitions.js'
export { WorkEngine } from './work-engine.js'
export type { WorkEngineOptions } from './work-engine-options.js'
