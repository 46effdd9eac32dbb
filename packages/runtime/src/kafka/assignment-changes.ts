/**
 * Changes of what a consumer reads, one after the other: what the group gives and takes, and partitions that go on at
 * another position.
 *
 * Each happens only when no read is under way and what was read has been handed over, so that a batch always belongs to
 * the epoch in which it arrives.
 */
import { type AssignedPartition, nameOf, type PartitionSlot, type TopicPartition } from '@zk/engine'
import type { KafkaConsumer } from 'node-rdkafka'
import { errors } from '../errors.js'
import type { Logger } from '../log/logger.js'
import type { ZkError } from '../zk-error.js'
import { AssignmentAnswers, type Change } from './assignment-answers.js'
import type { Committer } from './committer.js'
import type { Native } from './open-reader.js'
import type { Reader } from './reader.js'
import { ReplacedTopics } from './replaced-topics.js'
import { BEGINNING, setPosition } from './set-position.js'

/** While partitions wait to be assigned. */
const ASK_TIMEOUT_MS = 5_000

export interface AssignmentListener {
  /** These partitions are ours from now on. @returns their slots; undefined: we take nothing more */
  assigned(partitions: readonly AssignedPartition[]): PartitionSlot[] | undefined
  /** These are to be given back: finish what must be finished; the answer goes out when this resolves. */
  revoked(partitions: readonly TopicPartition[], how: { lost: boolean }): Promise<void>
  /** What was read of the partition belongs to no epoch any more; it stays ours. */
  voided(partition: TopicPartition): void
  /** The consumer cannot go on. */
  failed(error: ZkError): void
}

export interface AssignmentChangesOptions {
  kafka: KafkaConsumer
  reader: Reader
  committer: Committer
  native: Pick<Native, 'topicIds'> | undefined
  listener: AssignmentListener
  logger: Logger
  /** What was read and not handed over yet goes to whoever reads. */
  handOver(): void
  isClosing(): boolean
}

export class AssignmentChanges {
  readonly #options: AssignmentChangesOptions
  readonly #answers: AssignmentAnswers
  readonly #replaced: ReplacedTopics | undefined
  /** By partition's name. */
  readonly #slots = new Map<string, PartitionSlot>()
  /** The change under way; the next one waits for it. */
  #last: Promise<void> = Promise.resolve()

  constructor(options: AssignmentChangesOptions) {
    const { kafka, native, isClosing } = options
    this.#options = options
    this.#answers = new AssignmentAnswers(kafka, isClosing)
    if (native === undefined) return
    this.#replaced = new ReplacedTopics({
      kafka,
      native,
      owned: () => this.#answers.owned,
      onReplaced: (partitions) => {
        for (const partition of partitions) this.#inTurn(() => this.#beginAnew(partition))
      },
    })
  }

  /** Every partition that was ever ours, by name. */
  get slots(): ReadonlyMap<string, PartitionSlot> {
    return this.#slots
  }

  /** librdkafka tells what the group wants. */
  told(change: Change, partitions: TopicPartition[]): void {
    const { kafka, isClosing } = this.#options
    const incremental = kafka.rebalanceProtocol() === 'COOPERATIVE'
    if (isClosing()) {
      this.#answers.decline(change, partitions, incremental)
      return
    }
    this.#inTurn(() =>
      change === 'assign' ? this.#assign(partitions, incremental) : this.#revoke(partitions, incremental),
    )
  }

  /** Reads a partition again from an offset, in a new epoch: `assigned` follows. */
  restart(partition: TopicPartition, offset: number): void {
    this.#inTurn(async () => {
      // Given back meanwhile: its next owner begins at the commit.
      if (this.#isRead(partition)) await this.#betweenReads(() => this.#position(partition, offset))
    })
  }

  /** Resolves when the change under way has ended. */
  async stop(): Promise<void> {
    this.#replaced?.stop()
    await this.#last
  }

  #inTurn(change: () => Promise<void>): void {
    const { listener } = this.#options
    this.#last = this.#last
      .then(change)
      .catch((error: unknown) => listener.failed(errors.ZK_INTERNAL('A rebalance failed', { cause: error })))
  }

  async #assign(partitions: TopicPartition[], incremental: boolean): Promise<void> {
    const { reader, listener } = this.#options
    const known = await this.#ask(partitions)
    await this.#betweenReads(() => {
      const slots = listener.assigned(known)
      if (slots === undefined) {
        this.#answers.give('assign', [], incremental)
        return
      }
      for (const [i, slot] of slots.entries()) {
        this.#slots.set(nameOf(partitions[i]!), slot)
        reader.attach(slot, partitions[i]!)
      }
      this.#answers.give('assign', partitions, incremental)
    })
    this.#replaced?.assigned(partitions)
  }

  /** What the group has committed of these partitions, and their earlier owners have finished above. */
  async #ask(partitions: readonly TopicPartition[]): Promise<readonly AssignedPartition[]> {
    const { committer, logger, isClosing } = this.#options
    if (partitions.length === 0 || isClosing()) return partitions
    try {
      const answers = await committer.committed(partitions, ASK_TIMEOUT_MS)
      return partitions.map((partition, i) => ({
        ...partition,
        committed: answers[i]?.offset,
        finished: answers[i]?.finished,
      }))
    } catch (error) {
      logger.warn(
        { err: error },
        'The coordinator did not say what is finished above the committed offsets: that is processed again',
      )
      return partitions
    }
  }

  async #revoke(partitions: TopicPartition[], incremental: boolean): Promise<void> {
    const { reader, committer, listener, handOver } = this.#options
    const lost = committer.assignmentLost()
    for (const partition of partitions) {
      const slot = this.#slots.get(nameOf(partition))
      if (slot !== undefined) reader.detach(slot)
    }
    handOver()
    await listener.revoked(partitions, { lost })
    await this.#betweenReads(() => {
      this.#answers.give('unassign', partitions, incremental)
    })
  }

  async #beginAnew({ topic, partition }: TopicPartition): Promise<void> {
    if (!this.#isRead({ topic, partition })) return
    const { logger } = this.#options
    logger.warn({ topic, partition }, 'Another topic has this name now; it is read from its beginning')
    try {
      await this.#betweenReads(() => this.#position({ topic, partition }, BEGINNING))
    } catch (error) {
      logger.error({ err: error, topic, partition }, 'It could not be set to its beginning yet; it is tried again')
      this.#replaced!.failed({ topic, partition })
    }
  }

  #isRead(partition: TopicPartition): boolean {
    return this.#answers.owns(partition) && !this.#options.isClosing()
  }

  #position(partition: TopicPartition, offset: number): Promise<void> {
    const { kafka, listener, handOver } = this.#options
    const restarted = () => {
      listener.voided(partition)
      listener.assigned([partition])
    }
    return setPosition({ kafka, handOver, restarted }, partition, offset)
  }

  async #betweenReads(change: () => void | Promise<void>): Promise<void> {
    const { reader, handOver } = this.#options
    await reader.hold()
    try {
      handOver()
      await change()
    } finally {
      reader.release()
    }
  }
}
