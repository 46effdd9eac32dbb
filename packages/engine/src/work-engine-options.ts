import type { WindowLimits } from './in-flight-window.js'
import type { Affinity, Ordering } from './virtual-partitions.js'

/** Fixed for the life of a work. */
export interface WorkEngineOptions {
  threads: number
  /** Handlers in progress at once in one thread. */
  concurrency: number
  ordering: Ordering
  affinity: Affinity
  window: WindowLimits
  /** What one read may bring beyond what was asked for, in records. */
  spareRows: number
  /** Reading of a partition stops when so many records lie above its lowest unfinished one. */
  maxUncommittedRecords: number
  /** What becomes of a record whose handler failed for good: its offset completes, or the work stops. */
  onExhausted: 'complete' | 'stop'
  /** Sequence number before the first delivery, default 0; tests begin just before numbers wrap at 32 bits. */
  firstSequence?: number
}
