import type { FloodGuardOptions } from './flood-guard.js'
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
  /** A record starts so many milliseconds after its timestamp, or later. Default 0: at once. */
  delayMs?: number
  /** How often a record is tried before its failure is final, default 1. Attempts within a thread are the thread's to count. */
  attempts?: number
  /** What fails for good is written to the dead letter topic before its offset completes. Default false. */
  deadLetters?: boolean
  /** The work stops when too many of the latest records are dead letters; undefined: never. */
  flood?: FloodGuardOptions | undefined
  /** What becomes of a record that failed for good without a dead letter: its offset completes, or the work stops. */
  onExhausted: 'complete' | 'stop'
  /** Opens after so many failures in a row, for so many milliseconds; undefined: never. */
  circuit?: { after: number; forMs: number; scope: 'work' | 'partition' } | undefined
  /**
   * Records that were running at so many deaths of the whole process are condemned without a run, and at fewer, but any, run
   * alone. Undefined: nobody counts.
   */
  processDeathLimit?: number | undefined
  /** Tell each completion by `Effects.completed`. Default false. */
  reportCompletions?: boolean
  /** Sequence number before the first delivery, default 0; tests begin just before numbers wrap at 32 bits. */
  firstSequence?: number
}
