/** A reader's membership in its group: a consumer that is connected, what it was assigned, and its commits. */
import { nameOf, type PartitionAssignment, type PartitionSlot, type TopicPartition } from '@zk/engine'
import type { ConsumerProperties } from '../config/properties.js'
import type { ReaderConfig } from '../config/reader-config.js'
import { isPattern } from '../config/topic-pattern.js'
import { errors } from '../errors.js'
import { Consumer } from '../kafka/consumer.js'
import { Credentials } from '../kafka/credentials.js'
import { CUT_OFF_MS } from '../kafka/cut-off.js'
import type { ReadResult } from '../kafka/reader.js'
import type { Logger } from '../log/logger.js'
import type { Transport } from '../transport.js'
import { COMMIT_TIMEOUT_MS, Commits } from '../work/commits.js'
import { Inbox } from './inbox.js'

const TICK_MS = 100
/** What is asked for at once, when less than half of it waits to be taken. */
const READ_RECORDS = 1_000
const READ_BYTES = 4 * 1024 * 1024

export interface ReaderParts {
  config: ReaderConfig
  properties: ConsumerProperties
  logger: Logger
  /** Default: Kafka. */
  transport?: Transport
}

export interface SubscriptionListener {
  /** There may be something to take. */
  arrived(): void
  /** It cannot go on. */
  failed(error: Error): void
}

export class Subscription {
  readonly inbox: Inbox
  readonly #parts: ReaderParts
  readonly #listener: SubscriptionListener
  readonly #credentials: Credentials
  readonly #consumer: Consumer
  readonly #commits: Commits
  #tick: NodeJS.Timeout | undefined
  #isRequested = false
  #isSubscribed = false
  #closing: Promise<void> | undefined

  /** @throws ZkError ZK_CONFIG_UNKNOWN_PROPERTY */
  constructor(parts: ReaderParts, listener: SubscriptionListener) {
    const { config, properties, logger } = parts
    const { bootstrapServers, clientId, groupInstanceId, reader } = config
    this.#parts = parts
    this.#listener = listener
    this.#credentials = new Credentials(config, logger)
    const credentials = this.#credentials
    this.#consumer = new Consumer(
      { properties, credentials, bootstrapServers, clientId, groupInstanceId, reader, groups: 1, logger },
      {
        read: (result) => this.#read(result),
        precedes: (slot, offset) => this.inbox.assignments.at(slot)?.tracker.precedes(offset) === true,
        assigned: (partitions) => {
          if (this.#closing !== undefined) return undefined
          if (partitions.length > 0) logger.info({ partitions: partitions.map(nameOf) }, 'Partitions assigned')
          return this.inbox.assigned(partitions)
        },
        revoked: (partitions, { lost }) => this.#revoked(partitions, lost),
        voided: (partition) => this.inbox.end(this.#slotsOf([partition])),
        failed: (error) => listener.failed(error),
      },
    )
    this.inbox = new Inbox({
      maxUncommittedRecords: config.maxUncommittedRecords,
      setPaused: (assignment, paused) => this.#setPaused(assignment, paused),
      restart: (partition, offset) => this.#consumer.restart(partition, offset),
      store: (assignment, watermark, finished) => this.#commits.stored(assignment, watermark, finished),
    })
    this.#commits = new Commits({
      engine: this.inbox,
      consumer: this.#consumer,
      logger,
      intervalMs: config.autoCommitIntervalMs,
      everyRecords: config.commitEveryRecords,
      onCommitted: () => {},
    })
  }

  /** @throws ZkError when no broker answers, one refuses the client, or a topic is not there */
  async start(): Promise<void> {
    const { topics, waitForTopics } = this.#parts.config
    await this.#credentials.open()
    await this.#consumer.connect()
    if (this.#closing !== undefined) return
    const named = topics.filter((topic) => !isPattern(topic))
    const missing = waitForTopics ? [] : await this.#consumer.cluster.missing(named)
    if (missing.length > 0) throw errors.ZK_TOPIC_NOT_FOUND(missing)
    if (named[0] !== undefined) await this.#consumer.requireCoordinator(named[0])
    if (this.#closing !== undefined) return
    this.#consumer.subscribe(topics)
    this.#isSubscribed = true
    this.#tick = setInterval(() => this.#commits.tick(performance.now()), TICK_MS)
    this.want()
  }

  get assignments(): TopicPartition[] {
    return [...this.inbox.assignments].map(({ topic, partition }) => ({ topic, partition }))
  }

  /** Asks for more when little waits to be taken. */
  want(): void {
    if (this.#isRequested || !this.#isSubscribed || this.#closing !== undefined) return
    if (this.inbox.size * 2 > READ_RECORDS) return
    this.#isRequested = true
    this.#consumer.request(READ_RECORDS, READ_BYTES)
  }

  /** Commits what is done. @throws ZkError ZK_COMMIT_FAILED */
  async commit(): Promise<void> {
    if (!this.#isSubscribed) return
    const error = await this.#commits.commit(this.#slots, COMMIT_TIMEOUT_MS)
    if (error !== undefined) throw error
  }

  /** Commits what is done and leaves the group. Idempotent. */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    clearInterval(this.#tick)
    this.inbox.giveUp()
    // It logs what it could not commit.
    const timeoutMs = this.#consumer.isCutOff ? CUT_OFF_MS : COMMIT_TIMEOUT_MS
    if (this.#isSubscribed) await this.#commits.commit(this.#slots, timeoutMs)
    await this.#consumer.close({ abandon: false })
    this.#credentials.close()
    this.inbox.end(this.#slots)
  }

  #read({ batch, ends }: ReadResult): void {
    if (batch !== undefined) {
      this.#isRequested = false
      this.inbox.accept(batch)
    }
    for (const { slot, offset } of ends) this.inbox.reachedEnd(slot, offset)
    if (this.#closing !== undefined) return
    this.#listener.arrived()
    this.want()
  }

  async #revoked(partitions: readonly TopicPartition[], lost: boolean): Promise<void> {
    const { config, logger } = this.#parts
    const slots = this.#slotsOf(partitions)
    const fields = { partitions: partitions.map(nameOf) }
    if (lost) logger.warn(fields, 'The assignment was lost; what is not done is read elsewhere')
    else {
      const complete = await this.inbox.drain(slots, config.drainTimeoutMs)
      await this.#commits.commit(slots, COMMIT_TIMEOUT_MS)
      if (partitions.length > 0) logger.info({ ...fields, complete }, 'Partitions revoked')
    }
    this.inbox.end(slots)
    this.want()
  }

  #setPaused(assignment: PartitionAssignment, paused: boolean): void {
    this.#consumer.setPaused(assignment.slot, paused)
    if (!paused) return
    const { topic, partition, tracker } = assignment
    this.#parts.logger.warn(
      { topic, partition, offset: tracker.watermark },
      `${tracker.span} messages of ${nameOf(assignment)} were read since one that is not done: no more are read of it until ` +
        'message.done() is called (maxUncommittedRecords)',
    )
  }

  get #slots(): PartitionSlot[] {
    return [...this.inbox.assignments].map(({ slot }) => slot)
  }

  #slotsOf(partitions: readonly TopicPartition[]): PartitionSlot[] {
    const { assignments } = this.inbox
    return partitions.map((partition) => assignments.of(partition)?.slot).filter((slot) => slot !== undefined)
  }
}
