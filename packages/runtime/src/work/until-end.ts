/**
 * Knows when a run that reads only what is there has read it: each partition of its topics up to where it ended at the
 * start. Partitions of other members count as read when the group has committed that far, so that no member leaves work
 * behind that a rebalance may still bring to it.
 */
import type { AssignmentTable, TopicPartition } from '@zk/engine'
import type { PartitionEnd } from '../kafka/cluster-queries.js'

/** How often the group's commits are asked for, in milliseconds. */
const ASK_MS = 1_000

export class UntilEnd {
  readonly #committed: (partitions: readonly TopicPartition[]) => Promise<readonly (number | undefined)[]>
  #open: PartitionEnd[] | undefined
  #asking = false
  #askedAt = Number.NEGATIVE_INFINITY

  /** @param committed asks the group's coordinator, in the order of the partitions */
  constructor(committed: (partitions: readonly TopicPartition[]) => Promise<readonly (number | undefined)[]>) {
    this.#committed = committed
  }

  /** These ends are to be reached. */
  begin(ends: readonly PartitionEnd[]): void {
    this.#open = [...ends]
  }

  /** @param now a monotonic clock in milliseconds */
  reached(assignments: AssignmentTable, now: number): boolean {
    if (this.#open === undefined) return false
    const foreign: PartitionEnd[] = []
    for (const partition of this.#open) {
      const own = assignments.of(partition)
      if (own === undefined) foreign.push(partition)
      else if ((own.tracker.watermark ?? -1) < partition.end) return false
    }
    if (foreign.length === 0) return true
    if (!this.#asking && now - this.#askedAt >= ASK_MS) void this.#ask(foreign, now)
    return false
  }

  async #ask(partitions: readonly PartitionEnd[], now: number): Promise<void> {
    this.#asking = true
    this.#askedAt = now
    try {
      const offsets = await this.#committed(partitions)
      const done = new Set(partitions.filter(({ end }, i) => (offsets[i] ?? -1) >= end))
      this.#open = this.#open!.filter((partition) => !done.has(partition))
    } catch {
      // Asked again in a second; without an answer the run goes on.
    } finally {
      this.#asking = false
    }
  }
}
