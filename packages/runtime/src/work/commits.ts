/**
 * From watermarks to acknowledged commits: from time to time, every so many records, and at once when partitions are
 * given back.
 *
 * One commit is under way at a time, and each carries the newest state: a late answer can never set an offset back. One
 * that fails is not repeated but followed by the next, except where partitions wait for it.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { nameOf, type PartitionAssignment, type PartitionSlot, type TopicPartition, type WorkEngine } from '@zk/engine'
import { isHopeless, isOfRebalance } from '../kafka/broker-errors.js'
import type { Committed } from '../kafka/committer.js'
import type { Consumer } from '../kafka/consumer.js'
import type { PackedBatch } from '../kafka/packed-batch.js'
import type { Logger } from '../log/logger.js'
import { CommitBook, type CommitPoint } from './commit-book.js'

/** Pause before a refused commit is tried again. */
const RETRY_MS = 100
/** Longer than between two heartbeats: a second in the classic protocol, and five by default in KIP-848. */
const HEARTBEAT_MS = 6_000
/** Longest wait for the broker's answer to a commit, in milliseconds. */
export const COMMIT_TIMEOUT_MS = 5_000

export interface CommitsOptions {
  engine: Pick<WorkEngine<PackedBatch>, 'assignments' | 'storeWatermarks'> & {
    readonly counters: { processed: number }
  }
  consumer: Pick<Consumer, 'commit'>
  logger: Logger
  intervalMs: number
  /** Finished records after which the interval is not waited for. */
  everyRecords: number
  /** The broker acknowledged these. */
  onCommitted(offsets: readonly Committed[]): void
}

export class Commits {
  readonly #options: CommitsOptions
  readonly #book = new CommitBook()
  /** By slot: what was finished of it, as of the last look. */
  readonly #points = new Map<PartitionSlot, CommitPoint>()
  /** The commit under way; settles without an error. */
  #underWay: Promise<unknown> | undefined
  #committedAt = 0
  /** Partitions of which the broker has refused a commit. */
  readonly #refused = new Set<string>()
  /** Of the engine's `processed`, at the last commit. */
  #processed = 0

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

  /** A partition has finished something. */
  stored({ slot, epoch, topic, partition, tracker }: PartitionAssignment, offset: number, finished: readonly number[]) {
    this.#points.set(slot, { slot, epoch, topic, partition, offset, finished, completed: tracker.completed })
  }

  /** Commits if it is time. @param now a monotonic clock in milliseconds */
  tick(now: number): void {
    const { engine, intervalMs, everyRecords } = this.#options
    const { processed } = engine.counters
    if (this.#underWay !== undefined) return
    if (now - this.#committedAt < intervalMs && processed - this.#processed < everyRecords) return
    this.#committedAt = now
    const slots = [...engine.assignments].filter(({ state }) => state === 'assigned').map(({ slot }) => slot)
    void this.#send(slots, COMMIT_TIMEOUT_MS).catch((error: unknown) => {
      const level = isOfRebalance(error) ? 'debug' : 'warn'
      this.#options.logger[level]({ err: error }, 'A commit failed; the next one covers it')
    })
  }

  /**
   * Commits what these partitions, as far as they are still ours, have finished.
   * @returns why it failed, when it did
   */
  async commit(slots: readonly PartitionSlot[], timeoutMs: number): Promise<Error | undefined> {
    const deadline = performance.now() + timeoutMs
    for (;;) {
      while (this.#underWay !== undefined) await this.#underWay
      try {
        await this.#send(slots, Math.max(1, deadline - performance.now()))
        return undefined
      } catch (error) {
        if (isHopeless(error) || performance.now() + RETRY_MS >= deadline) {
          this.#options.logger.error(
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

  /**
   * Commits what is committed already: the broker refuses that from a process that is not in the group's generation.
   * @returns whether it was acknowledged
   */
  async prove(): Promise<boolean> {
    while (this.#underWay !== undefined) await this.#underWay
    const points: CommitPoint[] = []
    for (const assignment of this.#options.engine.assignments) {
      const { slot, epoch, topic, partition, committed, tracker } = assignment
      const { watermark: offset = committed, completed } = tracker
      const finished = assignment.finishedAbove()
      if (offset !== undefined) points.push({ slot, epoch, topic, partition, offset, finished, completed })
    }
    if (points.length === 0) {
      // Nothing was ever read or committed here. A heartbeat is refused by then, too.
      await delay(HEARTBEAT_MS)
      return true
    }
    return this.#commit(points, COMMIT_TIMEOUT_MS).then(
      () => true,
      () => false,
    )
  }

  async #send(slots: readonly PartitionSlot[], timeoutMs: number): Promise<void> {
    const { engine } = this.#options
    engine.storeWatermarks()
    this.#processed = engine.counters.processed
    const points = this.#uncommitted(slots)
    if (points.length > 0) await this.#commit(points, timeoutMs)
  }

  /** The next commit waits until this one is answered: one that is tried topic by topic sends its offsets last. */
  async #commit(points: readonly CommitPoint[], timeoutMs: number): Promise<void> {
    const { consumer, onCommitted } = this.#options
    const sent = consumer.commit(points, timeoutMs)
    this.#underWay = sent.catch(() => {})
    let taken: readonly Committed[]
    try {
      taken = await sent
    } finally {
      this.#underWay = undefined
    }
    const names = new Set(taken.map(nameOf))
    this.#tell(points.filter((point) => !names.has(nameOf(point))))
    for (const point of points) if (names.has(nameOf(point))) this.#book.acknowledged(point)
    if (taken.length > 0) onCommitted(taken)
  }

  /** Partitions that can not be committed, of a topic that was deleted for instance: each told once. */
  #tell(refused: readonly TopicPartition[]): void {
    for (const { topic, partition } of refused) {
      const name = nameOf({ topic, partition })
      if (this.#refused.has(name)) continue
      this.#refused.add(name)
      this.#options.logger.error(
        { topic, partition },
        `The broker refuses commits of ${topic}[${partition}]: the topic does not exist any more, or the client may not read it`,
      )
    }
  }

  #uncommitted(slots: readonly PartitionSlot[]): CommitPoint[] {
    const { assignments } = this.#options.engine
    return slots.flatMap((slot) => {
      const point = this.#points.get(slot)
      // What an earlier assignment finished is nobody's business any more.
      return point === undefined || assignments.at(slot)?.epoch !== point.epoch || this.#book.has(point) ? [] : [point]
    })
  }
}
