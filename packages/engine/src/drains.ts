/** Waiting for the work on partitions to end, until a deadline. */
import type { AssignmentTable, PartitionAssignment } from './assignment.js'
import type { PartitionSlot } from './record-batch.js'

export interface Drain {
  /** As it was asked for: whoever asked recognises the array. */
  readonly slots: readonly PartitionSlot[]
  /** What it waits for. A partition that is lost and comes back during the drain is no part of it. */
  readonly assignments: readonly PartitionAssignment[]
  /** On the monotonic clock, in milliseconds. */
  readonly deadline: number
}

export class Drains {
  #open: readonly Drain[] = []

  /** Asked after every batch of acks, and nearly always false. */
  get any(): boolean {
    return this.#open.length > 0
  }

  begin(drain: Drain): void {
    this.#open = [...this.#open, drain]
  }

  /** Drains of which nothing is in flight any more, each once. */
  takeFinished(table: AssignmentTable): readonly Drain[] {
    return this.#take(({ assignments }) =>
      assignments.every((assignment) => assignment.inFlight === 0 || table.at(assignment.slot) !== assignment),
    )
  }

  /** Drains whose deadline has passed, each once. */
  takeLate(now: number): readonly Drain[] {
    return this.#take(({ deadline }) => now >= deadline)
  }

  #take(hasEnded: (drain: Drain) => boolean): readonly Drain[] {
    const ended = this.#open.filter(hasEnded)
    if (ended.length > 0) this.#open = this.#open.filter((drain) => !ended.includes(drain))
    return ended
  }
}
