export { AssignmentTable, PartitionAssignment, type PartitionState, type TopicPartition } from './assignment.js'
export {
  ACK_WORDS,
  type DeliveryState,
  type Effects,
  Outcome,
  type RunningRecord,
  type StopReason,
} from './effects.js'
export { InFlightTable, Phase } from './in-flight-table.js'
export { InFlightWindow, type WindowLimits } from './in-flight-window.js'
export { fmix32, keyHash, murmur2, virtualPartition } from './key-hash.js'
export { KeyedQueue, NO_KEY } from './keyed-queue.js'
export { OffsetTracker, type TrackerTicket } from './offset-tracker.js'
export type { PartitionSlot, RecordBatch } from './record-batch.js'
export { TicketRing } from './ticket-ring.js'
export { type Affinity, type Ordering, VirtualPartitions } from './virtual-partitions.js'
export { type Counters, WorkEngine } from './work-engine.js'
export type { WorkEngineOptions } from './work-engine-options.js'
