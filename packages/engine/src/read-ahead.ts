/** Stops reading of a partition that runs too far ahead of its oldest unfinished record, and lets it go on. */
import type { AssignmentTable, PartitionAssignment } from './assignment.js'
import type { Effects } from './effects.js'

/** Reading goes on at this share of the limit, so that a partition at its limit is not stopped for every batch. */
const RESUME_SHARE = 0.75

export class ReadAhead {
  readonly #maxUncommitted: number
  readonly #effects: Pick<Effects, 'pause' | 'resume'>

  /** @param maxUncommitted records that may lie between the watermark and the last one read */
  constructor(maxUncommitted: number, effects: Pick<Effects, 'pause' | 'resume'>) {
    this.#maxUncommitted = maxUncommitted
    this.#effects = effects
  }

  /** After records of the partition were opened. */
  limit(assignment: PartitionAssignment): void {
    if (assignment.paused || assignment.tracker.span < this.#maxUncommitted) return
    assignment.paused = true
    this.#effects.pause(assignment.slot)
  }

  /** From time to time. */
  resume(assignments: AssignmentTable): void {
    for (const assignment of assignments) {
      if (!assignment.paused || assignment.tracker.span >= this.#maxUncommitted * RESUME_SHARE) continue
      assignment.paused = false
      this.#effects.resume(assignment.slot)
    }
  }
}
