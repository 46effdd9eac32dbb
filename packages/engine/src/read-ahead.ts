/**
 * Stops reading of a partition that runs too far ahead of its oldest unfinished record, or whose records wait for room in
 * the window from one look to the next, and lets it go on.
 */
import type { AssignmentTable, PartitionAssignment } from './assignment.js'
import type { Effects } from './effects.js'
import type { PartitionSlot } from './record-batch.js'

/** Reading goes on at this share of the limit, so that a partition at its limit is not stopped for every batch. */
const RESUME_SHARE = 0.75

export class ReadAhead {
  readonly #maxUncommitted: number
  readonly #hasWaiting: (slot: PartitionSlot) => boolean
  readonly #effects: Pick<Effects, 'pause' | 'resume'>

  /**
   * @param maxUncommitted records that may lie between the watermark and the last one read
   * @param hasWaiting whether records of the partition wait for room in the window
   */
  constructor(
    maxUncommitted: number,
    hasWaiting: (slot: PartitionSlot) => boolean,
    effects: Pick<Effects, 'pause' | 'resume'>,
  ) {
    this.#maxUncommitted = maxUncommitted
    this.#hasWaiting = hasWaiting
    this.#effects = effects
  }

  /** After records of the partition were opened. */
  limit(assignment: PartitionAssignment): void {
    if (!assignment.paused && assignment.tracker.span >= this.#maxUncommitted) this.#set(assignment, true)
  }

  /** From time to time. */
  look(assignments: AssignmentTable): void {
    this.resume(assignments)
    for (const assignment of assignments) {
      const waits = this.#hasWaiting(assignment.slot)
      // Not at the first look: most that wait enter with the next acks.
      if (!assignment.paused && waits && assignment.waited) this.#set(assignment, true)
      assignment.waited = waits
    }
  }

  /** Partitions that are stopped for no reason any more. */
  resume(assignments: AssignmentTable): void {
    for (const assignment of assignments) {
      if (!assignment.paused || this.#hasWaiting(assignment.slot)) continue
      if (assignment.tracker.span < this.#maxUncommitted * RESUME_SHARE) this.#set(assignment, false)
    }
  }

  #set(assignment: PartitionAssignment, paused: boolean): void {
    assignment.paused = paused
    if (paused) this.#effects.pause(assignment.slot)
    else this.#effects.resume(assignment.slot)
  }
}
