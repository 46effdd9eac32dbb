/**
 * What has been handed over for commit and what the broker has acknowledged, per partition, and how many finished
 * records that covers: the number which a user compares with `processed`.
 */
import type { PartitionAssignment, PartitionSlot } from '@zk/engine'

interface Page {
  epoch: number
  /** Offsets handed over and not yet acknowledged, ascending, with the records completed below each in this epoch. */
  pending: { offset: number; completed: number }[]
  /** The last acknowledged offset, of any epoch. */
  committed: number | undefined
  /** Records completed in this epoch below `committed`. */
  covered: number
}

export class CommitBook {
  readonly #pages = new Map<PartitionSlot, Page>()
  #coveredBefore = 0

  /** The partition's watermark went out for commit. */
  stored({ slot, epoch, tracker }: PartitionAssignment, offset: number): void {
    const page = this.#page(slot, epoch)
    page.pending.push({ offset, completed: tracker.completed })
  }

  acknowledged(slot: PartitionSlot, offset: number): void {
    const page = this.#pages.get(slot)
    if (page === undefined) return
    page.committed = offset
    while (page.pending.length > 0 && page.pending[0]!.offset <= offset) page.covered = page.pending.shift()!.completed
  }

  /** Whether this offset is committed by this assignment. An older one may have committed it, and others since less. */
  has({ slot, epoch }: PartitionAssignment, offset: number): boolean {
    const page = this.#pages.get(slot)
    return page?.epoch === epoch && page.committed === offset && page.pending.length === 0
  }

  committed(slot: PartitionSlot): number | undefined {
    return this.#pages.get(slot)?.committed
  }

  /** Completed records that acknowledged commits cover, each once. */
  get covered(): number {
    let sum = this.#coveredBefore
    for (const { covered } of this.#pages.values()) sum += covered
    return sum
  }

  #page(slot: PartitionSlot, epoch: number): Page {
    const page = this.#pages.get(slot)
    if (page?.epoch === epoch) return page
    this.#coveredBefore += page?.covered ?? 0
    const fresh: Page = { epoch, pending: [], committed: page?.committed, covered: 0 }
    this.#pages.set(slot, fresh)
    return fresh
  }
}
