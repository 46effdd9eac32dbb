import type { IndexedLedger } from './indexed-ledger.js'

/** The invariants by which every end-to-end run is judged, in words. */
export const invariants = {
  I1: 'no loss: every record succeeded, is dead-lettered or was completed by the rule for exhausted records',
  I2: 'key order: records of one key succeed in order; only a death rewinds, and only to the commit',
  I3: 'no overlap: of the deliveries of one key in one partition never two at a time, in any thread or process',
  I4: 'duplicates only of work of the dead that no commit tells of, of what a deadline cut, or of a dead thread’s last handler',
  I5: 'commits ascend within an ownership, come only from the owner and cover nothing unfinished',
  I6: 'progress while there is lag',
  I7: 'in-flight messages and bytes stay under their caps',
  I8: 'clean end: the promised exit code, nothing left open, nothing left running',
} as const

export type Invariant = keyof typeof invariants

export interface JudgeOptions {
  /** `partition`: the run promised order by partition and not only by key. Waive I2 and I3 where none is promised. */
  ordering: 'key' | 'partition'
  /** Handlers of one thread at a time: as many may have ended unmarked when the thread died. */
  concurrency: number
  /** Longest time with lag and without progress, in milliseconds. */
  stallMs: number
  /**
   * Longest time from a handler's end to when its process knows of it, in milliseconds. A handler that keeps its thread's event
   * loop from turning delays what ended before it there.
   */
  ackMs: number
}

export interface Finding {
  /** How many things were judged; 0 means that the ledger says nothing of this invariant. */
  evidence: number
  /** The first thing that contradicts the invariant, as a sentence. */
  contradiction?: string
}

export type Judge = (ledger: IndexedLedger, options: JudgeOptions) => Finding
