/** From watermarks to acknowledged commits: what is stored for the next automatic one, and the ones that cannot wait. */
import { setTimeout as delay } from 'node:timers/promises'
import type { PartitionAssignment, PartitionSlot, WorkEngine } from '@zk/engine'
import { isHopeless } from '../kafka/broker-errors.js'
import type { Consumer, PartitionOffset } from '../kafka/consumer.js'
import type { PackedBatch } from '../kafka/packed-batch.js'
import type { Logger } from '../log/logger.js'
import { CommitBook } from './commit-book.js'

/** Pause before a refused commit is tried again. */
const RETRY_MS = 100

export interface CommitsOptions {
  engine: WorkEngine<PackedBatch>
  consumer: Consumer
  logger: Logger
  /** The broker acknowledged these, each told once. */
  onCommitted(offsets: readonly PartitionOffset[]): void
}

export class Commits {
  readonly #options: CommitsOptions
  readonly #book = new CommitBook()
  /** Watermarks that moved since the last `flush`. */
  #moved: PartitionOffset[] = []

  constructor(options: CommitsOptions) {
    this.#options = options
  }

  /** Completed records that acknowledged commits cover, each once. */
  get covered(): number {
    return this.#book.covered
  }

  /** The last acknowledged offset of a partition. */
  committed(slot: PartitionSlot): number | undefined {
    return this.#book.committed(slot)
  }

  /** A watermark moved. */
  moved(assignment: PartitionAssignment, offset: number): void {
    const { topic, partition } = assignment
    this.#book.stored(assignment, offset)
    this.#moved.push({ topic, partition, offset })
  }

  /** Stores what moved, for the next automatic commit. */
  flush(): void {
    const offsets = this.#moved
    if (offsets.length === 0) return
    this.#moved = []
    try {
      this.#options.consumer.store(offsets)
    } catch (error) {
      // Only possible when none of them is ours any more; the commit on revoke has covered them.
      this.#options.logger.debug({ err: error }, 'Offsets were not stored')
    }
  }

  /**
   * Stores and commits what these partitions, as far as they are still ours, have finished.
   * @returns why it failed, when it did
   */
  async commit(slots: readonly PartitionSlot[], timeoutMs: number): Promise<Error | undefined> {
    const { engine, consumer, logger } = this.#options
    engine.storeWatermarks()
    this.flush()
    const deadline = performance.now() + timeoutMs
    for (;;) {
      const offsets = this.#uncommitted(slots)
      if (offsets.length === 0) return undefined
      try {
        await consumer.commit(offsets, Math.max(1, deadline - performance.now()))
        return undefined
      } catch (error) {
        if (isHopeless(error) || performance.now() + RETRY_MS >= deadline) {
          logger.error(
            { err: error },
            'A commit was not acknowledged: what was finished since the one before is repeated',
          )
          return error as Error
        }
        // Refused because a rebalance was under way: with its end we have the generation that the broker wants.
        await delay(RETRY_MS)
      }
    }
  }

  acknowledged(offsets: readonly PartitionOffset[]): void {
    const { engine, onCommitted } = this.#options
    const news = offsets.filter(({ topic, partition, offset }) => {
      const slot = engine.assignments.slotOf({ topic, partition })
      const isNew = this.#book.committed(slot) !== offset
      this.#book.acknowledged(slot, offset)
      return isNew
    })
    if (news.length > 0) onCommitted(news)
  }

  #uncommitted(slots: readonly PartitionSlot[]): PartitionOffset[] {
    return slots.flatMap((slot) => {
      const assignment = this.#options.engine.assignments.at(slot)
      const offset = assignment?.stored
      if (assignment === undefined || offset === undefined || this.#book.has(assignment, offset)) return []
      return [{ topic: assignment.topic, partition: assignment.partition, offset }]
    })
  }
}
