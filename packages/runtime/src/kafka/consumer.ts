/**
 * The one consumer of a work, on node-rdkafka: connecting, the assignment, storing and committing.
 *
 * Assignment changes are answered one after the other, and only when no read is under way and what was read has been
 * handed over, so that a batch always belongs to the epoch in which it arrives.
 */
import { setTimeout } from 'node:timers/promises'
import { type AssignedPartition, nameOf, type PartitionSlot, type TopicPartition } from '@zk/engine'
import Kafka, { type KafkaConsumer, type LibrdKafkaError } from 'node-rdkafka'
import type { ConsumerProperties } from '../config/properties.js'
import { errors } from '../errors.js'
import type { Logger } from '../log/logger.js'
import { within } from '../within.js'
import type { ZkError } from '../zk-error.js'
import { brokerError, connectError, fatalError, isFatal, standingError } from './broker-errors.js'
import { ClusterQueries } from './cluster-queries.js'
import { type Committer, type Finished, openCommitter } from './committer.js'
import { connected, disconnected } from './connect.js'
import { DeletedRecords } from './deleted-records.js'
import { ERR__ASSIGN_PARTITIONS, ERR_UNKNOWN_TOPIC_OR_PART, REFUSED, UNREACHABLE } from './error-codes.js'
import { librdkafkaError, logLibrdkafka } from './librdkafka-log.js'
import { loadNative, openReader } from './open-reader.js'
import type { Reader, ReadResult } from './reader.js'
import { ReplacedTopics } from './replaced-topics.js'

/** How long a first answer of a broker may take. Together with a start it stays below 15 s. */
const CONNECT_TIMEOUT_MS = 10_000
const COMMITTED_TIMEOUT_MS = 10_000
/** Of setting a partition's position. */
const SEEK_TIMEOUT_MS = 10_000
/** While partitions wait to be assigned. */
const ASK_TIMEOUT_MS = 5_000
const COORDINATOR_TIMEOUT_MS = 8_000
const COORDINATOR_RETRY_MS = 200
/** Of a question behind its deadline. */
const MIN_TIMEOUT_MS = 1_000
/** Leaving a group whose coordinator is gone takes librdkafka as long as the coordinator is. */
const DISCONNECT_TIMEOUT_MS = 5_000
/** A join lasts as long as the slowest member drains, for which the default is ten seconds. */
const LEAVE_TIMEOUT_MS = 15_000
const LEAVE_LOOK_MS = 20
/** Of the broker's answer to a first request to join. */
const NAMED_TIMEOUT_MS = 500
/** librdkafka's name for where a partition begins. */
const BEGINNING = -2

export interface ConsumerOptions {
  properties: ConsumerProperties
  bootstrapServers: readonly string[]
  clientId: string
  groupInstanceId: string | undefined
  reader: 'auto' | 'native' | 'portable'
  /** Into how many parts the records of a block will be divided, by the hash of their key. */
  groups: number
  logger: Logger
}

export interface ConsumerListener {
  /** A read brought something. */
  read(result: ReadResult): void
  /** These partitions are ours from now on. @returns their slots; undefined: we take nothing more */
  assigned(partitions: readonly AssignedPartition[]): PartitionSlot[] | undefined
  /** These are to be given back: finish what must be finished; the answer goes out when this resolves. */
  revoked(partitions: readonly TopicPartition[], how: { lost: boolean }): Promise<void>
  /** What was read of the partition belongs to no epoch any more; it stays ours. */
  voided(partition: TopicPartition): void
  /** The consumer cannot go on. */
  failed(error: ZkError): void
}

export class Consumer {
  readonly cluster: ClusterQueries
  readonly #options: ConsumerOptions
  readonly #listener: ConsumerListener
  readonly #kafka: KafkaConsumer
  #reader: Reader | undefined
  #committer: Committer | undefined
  /** Assignment changes in order; each waits for the one before. */
  #rebalance: Promise<void> = Promise.resolve()
  readonly #slots = new Map<string, PartitionSlot>()
  /** What librdkafka was told to read. */
  readonly #owned = new Map<string, TopicPartition>()
  #replaced: ReplacedTopics | undefined
  readonly #deleted: DeletedRecords
  #subscribed = false
  #closing = false

  constructor(options: ConsumerOptions, listener: ConsumerListener) {
    this.#options = options
    this.#listener = listener
    this.#deleted = new DeletedRecords(options.logger)
    this.#kafka = this.#create()
    this.cluster = new ClusterQueries(this.#kafka, options.bootstrapServers)
  }

  /** @throws ZkError when no broker answers in time, or refuses the client */
  async connect(): Promise<void> {
    const { reader, groups, logger } = this.#options
    const native = await loadNative(reader, logger)
    if (this.#closing) return
    await connected(this.#kafka, CONNECT_TIMEOUT_MS).catch((error: LibrdKafkaError) => {
      throw connectError(this.#options.bootstrapServers, error, this.#kafka.getLastError())
    })
    if (this.#closing) {
      // Closed meanwhile: nobody waits for this connection.
      this.#kafka.disconnect()
      return
    }
    // In this turn of the event loop: a close in between would find nothing to close.
    this.#reader = openReader(this.#kafka, native, groups, () => this.handOver())
    this.#committer = openCommitter(this.#kafka, native)
    if (native === undefined) return
    this.#replaced = new ReplacedTopics({
      kafka: this.#kafka,
      native,
      owned: () => [...this.#owned.values()],
      onReplaced: (partitions) => {
        for (const partition of partitions) this.#inTurn(() => this.#beginAnew(partition))
      },
    })
  }

  get readerKind(): Reader['kind'] | undefined {
    return this.#reader?.kind
  }

  /**
   * Asks the group's coordinator for an offset: a broker that the bootstrap servers name and that cannot be reached from
   * here would otherwise be waited for without end.
   * @throws ZkError when it does not answer in time, or refuses
   */
  async requireCoordinator(topic: string): Promise<void> {
    const deadline = performance.now() + COORDINATOR_TIMEOUT_MS
    while (!this.#closing) {
      try {
        await this.#committer!.committed(
          [{ topic, partition: 0 }],
          Math.max(MIN_TIMEOUT_MS, deadline - performance.now()),
        )
        return
      } catch (error) {
        const { code } = error as LibrdKafkaError
        if (code === ERR_UNKNOWN_TOPIC_OR_PART) return
        const isLate = performance.now() + COORDINATOR_RETRY_MS >= deadline
        // Answers such as "loading" are no reason to give up: a coordinator is on its way, as in a new cluster.
        if (REFUSED.has(code) || (isLate && UNREACHABLE.has(code))) {
          throw brokerError(this.#options.bootstrapServers, error as Error)
        }
        await setTimeout(COORDINATOR_RETRY_MS)
      }
    }
  }

  /** @throws ZkError ZK_TOPIC_INVALID */
  subscribe(topics: readonly string[]): void {
    try {
      this.#kafka.subscribe([...topics])
      this.#subscribed = true
    } catch (error) {
      throw errors.ZK_TOPIC_INVALID(topics.join(', '), `librdkafka refuses it (${(error as Error).message})`)
    }
  }

  request(records: number, bytes: number): void {
    this.#reader!.request(records, bytes)
  }

  setPaused(slot: PartitionSlot, paused: boolean): void {
    this.#reader!.setPaused(slot, paused)
  }

  /**
   * Commits now.
   * @returns partitions that the broker refused for what they are; the others are committed
   * @throws ZkError ZK_COMMIT_FAILED when the broker does not acknowledge in time
   */
  commit(points: readonly Finished[], timeoutMs: number): Promise<readonly TopicPartition[]> {
    return this.#committer!.commit(points, timeoutMs)
  }

  /** The offsets that the group has committed, in the order of the partitions; undefined where nothing. */
  async committed(partitions: readonly TopicPartition[]): Promise<(number | undefined)[]> {
    const answers = await this.#committer!.committed(partitions, COMMITTED_TIMEOUT_MS)
    return answers.map((answer) => answer?.offset)
  }

  /**
   * Reads a partition again from an offset, in a new epoch: `assigned` follows. What is read of it until then belongs to
   * no epoch.
   */
  restart(partition: TopicPartition, offset: number): void {
    this.#inTurn(() => this.#seek(partition, offset))
  }

  /** What was read and not handed over yet goes to the listener now. */
  handOver(): void {
    const result = this.#reader?.take()
    if (result === undefined) return
    if (result.batch !== undefined) this.#deleted.read(result.batch, this.#slots)
    this.#listener.read(result)
    for (const { code, message, fatal } of result.errors) this.#onError(code, message, fatal)
  }

  /**
   * Leaves the group and disconnects. Store and commit before.
   *
   * @param abandon leave the client as it is: for a process that ends now, and brokers that do not answer. librdkafka
   *   would wait for them for a minute, on a thread of libuv's pool, which a process waits for before it exits.
   */
  async close({ abandon }: { abandon: boolean }): Promise<void> {
    this.#closing = true
    this.#replaced?.stop()
    await this.#rebalance.catch(() => {})
    if (!this.#kafka.isConnected()) {
      await this.#reader?.close()
      return
    }
    if (this.#kafka.assignments().length === 0) await this.#leave(abandon ? 0 : LEAVE_TIMEOUT_MS)
    await this.#reader?.close()
    if (abandon) return
    const left = disconnected(this.#kafka).then(() => true)
    if (!(await within(DISCONNECT_TIMEOUT_MS, left, false))) {
      this.#options.logger.warn(
        `The consumer was not disconnected after ${DISCONNECT_TIMEOUT_MS} ms: the brokers do not answer, or the group is in a rebalance. It notices when the session times out`,
      )
    }
  }

  /**
   * librdkafka 2.12 forgets to leave the group when it closes a cooperative member that owns nothing, and the others then
   * wait for it until its session times out. Unsubscribing first makes it leave; but while the group forms librdkafka
   * only notes that, and a close overtakes it. So it is said again until the join is over, whose answers are still given (native
   * reader only: without the addon nobody tells whether it is).
   */
  async #leave(timeoutMs: number): Promise<void> {
    const began = performance.now()
    const until = async (ms: number, done: () => boolean) => {
      while (!done() && this.#kafka.isConnected() && performance.now() - began < Math.min(ms, timeoutMs)) {
        await setTimeout(LEAVE_LOOK_MS)
      }
    }
    const isClassic = this.#options.properties.global['group.protocol'] !== 'consumer'
    const isMember = () => isClassic && this.#kafka.isConnected() && Boolean(this.#committer?.memberId())
    // The group counts on a member from its first request on, and only the answer to that says under which name to leave.
    if (isClassic && this.#subscribed && this.#committer?.memberId() === '') await until(NAMED_TIMEOUT_MS, isMember)
    await until(Number.POSITIVE_INFINITY, () => {
      this.#kafka.unsubscribe()
      return !isMember()
    })
  }

  #create(): KafkaConsumer {
    const { properties, clientId, logger } = this.#options
    try {
      const kafka = new Kafka.KafkaConsumer(
        {
          ...properties.global,
          rebalance_cb: (event: LibrdKafkaError, partitions: TopicPartition[]) => this.#onRebalance(event, partitions),
          // The portable committer listens to its event.
          offset_commit_cb: true,
        },
        properties.topic,
      )
      logLibrdkafka(kafka, { clientId, logger })
      kafka.on('event.log', (event) => this.#deleted.hear(event))
      kafka.on('event.error', (error: LibrdKafkaError) => this.#onError(error.code, error.message, isFatal(error)))
      return kafka
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error)
      const property = /property:? "?([\w.]+)/.exec(message)?.[1]
      throw errors.ZK_CONFIG_UNKNOWN_PROPERTY(property, message, { cause: error })
    }
  }

  #onRebalance(event: LibrdKafkaError, partitions: TopicPartition[]): void {
    const incremental = this.#kafka.rebalanceProtocol() === 'COOPERATIVE'
    if (this.#closing) {
      // An assignment is answered by an empty one: an unassign leaves librdkafka waiting for the assign, and it never
      // closes. Once node-rdkafka disconnects it takes no assign any more, and librdkafka an unassign for it.
      const isAssign = event.code === ERR__ASSIGN_PARTITIONS
      if (!isAssign || !this.#answer([], 'assign', incremental)) this.#answer(partitions, 'unassign', incremental)
      return
    }
    this.#inTurn(() =>
      event.code === ERR__ASSIGN_PARTITIONS
        ? this.#assign(partitions, incremental)
        : this.#revoke(partitions, incremental),
    )
  }

  /** Changes of the assignment follow one another. */
  #inTurn(change: () => Promise<void>): void {
    this.#rebalance = this.#rebalance
      .then(change)
      .catch((error: unknown) => this.#listener.failed(errors.ZK_INTERNAL('A rebalance failed', { cause: error })))
  }

  async #assign(partitions: TopicPartition[], incremental: boolean): Promise<void> {
    const known = await this.#ask(partitions)
    await this.#betweenReads(() => {
      const slots = this.#listener.assigned(known)
      if (slots === undefined) {
        this.#answer([], 'assign', incremental)
        return
      }
      for (const [i, slot] of slots.entries()) {
        this.#slots.set(nameOf(partitions[i]!), slot)
        this.#reader!.attach(slot, partitions[i]!)
      }
      this.#answer(partitions, 'assign', incremental)
    })
    this.#replaced?.assigned(partitions)
  }

  /** What the group has committed of these partitions, and their earlier owners have finished above. */
  async #ask(partitions: readonly TopicPartition[]): Promise<readonly AssignedPartition[]> {
    if (partitions.length === 0 || this.#closing) return partitions
    try {
      const answers = await this.#committer!.committed(partitions, ASK_TIMEOUT_MS)
      return partitions.map((partition, i) => ({
        ...partition,
        committed: answers[i]?.offset,
        finished: answers[i]?.finished,
      }))
    } catch (error) {
      this.#options.logger.warn(
        { err: error },
        'The coordinator did not say what is finished above the committed offsets: that is processed again',
      )
      return partitions
    }
  }

  async #revoke(partitions: TopicPartition[], incremental: boolean): Promise<void> {
    const lost = this.#committer!.assignmentLost()
    for (const partition of partitions) {
      const slot = this.#slots.get(nameOf(partition))
      if (slot !== undefined) this.#reader!.detach(slot)
    }
    this.handOver()
    await this.#listener.revoked(partitions, { lost })
    await this.#betweenReads(() => {
      this.#answer(partitions, 'unassign', incremental)
    })
  }

  async #seek(partition: TopicPartition, offset: number): Promise<void> {
    // Given back meanwhile: its next owner begins at the commit.
    if (!this.#owned.has(nameOf(partition)) || this.#closing) return
    await this.#betweenReads(() => this.#position(partition, offset))
  }

  async #beginAnew({ topic, partition }: TopicPartition): Promise<void> {
    if (!this.#owned.has(nameOf({ topic, partition })) || this.#closing) return
    const { logger } = this.#options
    logger.warn({ topic, partition }, 'Another topic has this name now; it is read from its beginning')
    try {
      await this.#betweenReads(() => this.#position({ topic, partition }, BEGINNING))
    } catch (error) {
      logger.error({ err: error, topic, partition }, 'It could not be set to its beginning')
    }
  }

  /**
   * Sets the partition's position, in a new epoch: what was read of it before is void.
   * @throws LibrdKafkaError
   */
  #position(partition: TopicPartition, offset: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#kafka.seek({ ...partition, offset }, SEEK_TIMEOUT_MS, (error: LibrdKafkaError | null) => {
        if (error) {
          reject(error)
          return
        }
        // In this turn of the event loop: nothing that lies behind the new position has been handed over yet.
        this.#listener.voided(partition)
        this.#listener.assigned([partition])
        resolve()
      })
      // Nothing is read until it is set; what was read of the old position must not wait for the new epoch.
      this.handOver()
    })
  }

  async #betweenReads(change: () => void | Promise<void>): Promise<void> {
    await this.#reader!.hold()
    try {
      this.handOver()
      await change()
    } finally {
      this.#reader!.release()
    }
  }

  /** @returns false when a disconnect overtook the answer, and everything has been given back */
  #answer(partitions: TopicPartition[], how: 'assign' | 'unassign', incremental: boolean): boolean {
    // Of an assignment that was answered by an empty one nothing can be given back: librdkafka refuses that, and waits on.
    const given = how === 'assign' ? partitions : partitions.filter((partition) => this.#owned.has(nameOf(partition)))
    try {
      if (how === 'assign') {
        if (incremental) this.#kafka.incrementalAssign(given)
        else this.#kafka.assign(given)
      } else if (incremental) this.#kafka.incrementalUnassign(given)
      else this.#kafka.unassign()
      for (const { topic, partition } of given) {
        const name = nameOf({ topic, partition })
        if (how === 'assign') this.#owned.set(name, { topic, partition })
        else this.#owned.delete(name)
      }
      return true
    } catch (error) {
      if (this.#kafka.isConnected() && !this.#closing) throw error
      return false
    }
  }

  #onError(code: number, message: string, fatal: boolean): void {
    const { groupInstanceId, clientId, logger } = this.#options
    const standing = standingError(code, message)
    if (standing !== undefined) {
      this.#listener.failed(standing)
      return
    }
    if (!fatal) {
      const { level, fields, message: text } = librdkafkaError({ code, message }, clientId)
      logger[level](fields, text)
      return
    }
    this.#listener.failed(fatalError(code, message, groupInstanceId ?? clientId))
  }
}
