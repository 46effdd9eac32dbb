/** What the broker has acknowledged, per partition, and how many finished records that covers. */
import type { PartitionSlot, TopicPartition } from '@zk/engine'

/** What one partition under one assignment has finished, as far as it can be committed. */
export interface CommitPoint extends TopicPartition {
  readonly slot: PartitionSlot
  readonly epoch: number
  /** Everything below is finished. */
  readonly offset: number
  /** Finished above it, as flat ranges. */
  readonly finished: readonly number[]
  /** Records of this epoch below `offset`. */
  readonly completed: number
}

export class CommitBook {
  /** By slot: the point that was acknowledged last. */
  readonly #acknowledged = new Map<PartitionSlot, CommitPoint>()
  /** Records that the commits of earlier epochs cover. */
  #coveredBefore = 0

  acknowledged(point: CommitPoint): void {
    const before = this.#acknowledged.get(point.slot)
    if (before !== undefined && before.epoch !== point.epoch) this.#coveredBefore += before.completed
    this.#acknowledged.set(point.slot, point)
  }

  has(point: CommitPoint): boolean {
    return this.#acknowledged.get(point.slot) === point
  }

  /** The last acknowledged offset of a partition, of any epoch. */
  committed(slot: PartitionSlot): number | undefined {
    return this.#acknowledged.get(slot)?.offset
  }

  /** Completed records that acknowledged commits cover, each once: the number which a user compares with `processed`. */
  get covered(): number {
    let sum = this.#coveredBefore
    for (const { completed } of this.#acknowledged.values()) sum += completed
    return sum
  }
}
