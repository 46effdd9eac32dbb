/** Knows when a run that reads only what is there has read it: each partition up to its end at assignment. */
import type { AssignmentTable, PartitionSlot, TopicPartition } from '@zk/engine'

export class UntilEnd {
  readonly #endOffset: (partition: TopicPartition) => Promise<number>
  readonly #targets = new Map<PartitionSlot, number>()
  #asking = 0
  #assigned = false

  constructor(endOffset: (partition: TopicPartition) => Promise<number>) {
    this.#endOffset = endOffset
  }

  /** Partitions were assigned: their ends now are what is to be reached. Ends once known are kept. */
  async assigned(partitions: readonly (TopicPartition & { slot: PartitionSlot })[]): Promise<void> {
    this.#asking++
    try {
      for (const partition of partitions) {
        if (!this.#targets.has(partition.slot)) this.#targets.set(partition.slot, await this.#endOffset(partition))
      }
    } finally {
      this.#asking--
      this.#assigned = true
    }
  }

  reached(assignments: AssignmentTable): boolean {
    if (!this.#assigned || this.#asking > 0) return false
    for (const { slot, tracker } of assignments) {
      const target = this.#targets.get(slot)
      if (target === undefined || (target > 0 && (tracker.watermark ?? -1) < target)) return false
    }
    return true
  }
}
