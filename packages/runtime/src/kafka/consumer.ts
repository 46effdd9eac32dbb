/** The one consumer of a work, on node-rdkafka: connecting, reading, committing, and the end. */
import type { PartitionSlot, TopicPartition } from '@zk/engine'
import Kafka, { type KafkaConsumer, type LibrdKafkaError } from 'node-rdkafka'
import type { ConsumerProperties, Properties } from '../config/properties.js'
import { errors } from '../errors.js'
import type { Logger } from '../log/logger.js'
import { within } from '../within.js'
import { AssignmentChanges, type AssignmentListener } from './assignment-changes.js'
import { connectError, fatalError, isFatal, standingError } from './broker-errors.js'
import { ClusterQueries } from './cluster-queries.js'
import { committedWhenBack } from './committed-when-back.js'
import { type Committed, type Committer, type Finished, openCommitter } from './committer.js'
import { connected, disconnected } from './connect.js'
import type { Credentials } from './credentials.js'
import { CUT_OFF_MS, CutOff } from './cut-off.js'
import { DeletedRecords } from './deleted-records.js'
import { ERR__ASSIGN_PARTITIONS, UNAUTHENTICATED } from './error-codes.js'
import { ErrorLog } from './error-log.js'
import { type Leaving, leaveGroup } from './leave-group.js'
import { logLibrdkafka } from './librdkafka-log.js'
import { loadNative, openReader } from './open-reader.js'
import type { Reader, ReadResult } from './reader.js'
import { refusedProperty } from './refused-property.js'
import { requireCoordinator } from './require-coordinator.js'

/** How long a first answer of a broker may take. Together with a start it stays below 15 s. */
const CONNECT_TIMEOUT_MS = 10_000
const COMMITTED_TIMEOUT_MS = 10_000
/** Leaving a group whose coordinator is gone takes librdkafka as long as the coordinator is. */
const DISCONNECT_TIMEOUT_MS = 5_000
/** A join lasts as long as the slowest member drains, for which the default is ten seconds. */
const LEAVE_TIMEOUT_MS = 15_000

export interface ConsumerOptions {
  properties: ConsumerProperties
  bootstrapServers: readonly string[]
  /** Open, before `connect`. */
  credentials?: Credentials
  clientId: string
  groupInstanceId: string | undefined
  reader: 'auto' | 'native' | 'portable'
  /** Into how many parts the records of a block will be divided, by the hash of their key. */
  groups: number
  logger: Logger
}

export interface ConsumerListener extends AssignmentListener {
  /** A read brought something. */
  read(result: ReadResult): void
  /** Whether an offset lies below what was read of the partition in its epoch, so that a record of it begins another. */
  precedes(slot: PartitionSlot, offset: number): boolean
}

export class Consumer {
  readonly cluster: ClusterQueries
  readonly #options: ConsumerOptions
  readonly #listener: ConsumerListener
  readonly #kafka: KafkaConsumer
  #reader: Reader | undefined
  #committer: Committer | undefined
  #changes: AssignmentChanges | undefined
  readonly #deleted: DeletedRecords
  readonly #errorLog: ErrorLog
  readonly #cutOff = new CutOff()
  #subscribed = false
  #closing = false
  /** Until then node-rdkafka disconnects it by itself, once its own question has timed out. */
  #isUp = false
  #detach: (() => void) | undefined

  constructor(options: ConsumerOptions, listener: ConsumerListener) {
    this.#options = options
    this.#listener = listener
    this.#deleted = new DeletedRecords({
      logger: options.logger,
      precedes: (slot, offset) => listener.precedes(slot, offset),
    })
    this.#errorLog = new ErrorLog(options.logger, options.clientId)
    this.#kafka = this.#create()
    this.cluster = new ClusterQueries(this.#kafka, options.bootstrapServers)
  }

  /** @throws ZkError when no broker answers in time, or refuses the client */
  async connect(): Promise<void> {
    const { reader, groups, logger } = this.#options
    const native = await loadNative(reader, logger)
    if (this.#closing) return
    this.#detach = this.#options.credentials?.attachTo(this.#kafka, native)
    await connected(this.#kafka, CONNECT_TIMEOUT_MS, () => this.#closing).catch((error: LibrdKafkaError) => {
      throw connectError(this.#options.bootstrapServers, error, this.#properties, this.#kafka.getLastError())
    })
    this.#isUp = true
    if (this.#closing) {
      // Closed meanwhile: nobody waits for this connection.
      this.#kafka.disconnect()
      return
    }
    // In this turn of the event loop: a close in between would find nothing to close.
    this.#reader = openReader(this.#kafka, native, groups, () => this.handOver())
    this.#committer = openCommitter(this.#kafka, native)
    this.#changes = new AssignmentChanges({
      kafka: this.#kafka,
      reader: this.#reader,
      committer: this.#committer,
      native,
      listener: this.#listener,
      logger,
      handOver: () => this.handOver(),
      isClosing: () => this.#closing,
    })
  }

  get readerKind(): Reader['kind'] | undefined {
    return this.#reader?.kind
  }

  /** @throws ZkError when the group's coordinator does not answer in time, or refuses */
  requireCoordinator(topic: string): Promise<void> {
    const { bootstrapServers } = this.#options
    const question = { committer: this.#committer!, bootstrapServers, isClosing: () => this.#closing }
    return requireCoordinator(question, topic)
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

  request(records: number, bytes: number, inFlight?: Int32Array): void {
    this.#reader!.request(records, bytes, inFlight)
  }

  setPaused(slot: PartitionSlot, paused: boolean): void {
    this.#reader!.setPaused(slot, paused)
  }

  /**
   * Commits now.
   * @returns what the broker has taken: all but the topics that it refuses
   * @throws ZkError ZK_COMMIT_FAILED when the broker does not acknowledge in time
   */
  async commit(points: readonly Finished[], timeoutMs: number): Promise<readonly Committed[]> {
    const taken = await committedWhenBack(this.#committer!, this.#cutOff, points, timeoutMs)
    this.#cutOff.answered()
    return taken
  }

  /** Whether all brokers are gone, as far as anybody knows. */
  get isCutOff(): boolean {
    return this.#cutOff.isCutOff
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
    this.#changes!.restart(partition, offset)
  }

  /** What was read and not handed over yet goes to the listener now. */
  handOver(): void {
    const result = this.#reader?.take()
    if (result === undefined) return
    if (result.batch !== undefined) this.#cutOff.answered()
    this.#deleted.read(result, this.#changes!.slots)
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
    this.#detach?.()
    await this.#changes?.stop()
    if (!this.#isUp || !this.#kafka.isConnected()) {
      await this.#reader?.close()
      return
    }
    const isCutOff = this.#cutOff.isCutOff
    if (this.#kafka.assignments().length === 0)
      await leaveGroup(this.#leaving(), abandon || isCutOff ? 0 : LEAVE_TIMEOUT_MS)
    await this.#reader?.close()
    if (abandon) return
    const left = disconnected(this.#kafka).then(() => true)
    const timeoutMs = isCutOff ? CUT_OFF_MS : DISCONNECT_TIMEOUT_MS
    if (!(await within(timeoutMs, left, false))) {
      this.#options.logger.warn(
        `The consumer was not disconnected after ${timeoutMs} ms: the brokers do not answer, or the group is in a rebalance. It notices when the session times out`,
      )
    }
  }

  #leaving(): Leaving {
    return {
      kafka: this.#kafka,
      isClassic: this.#options.properties.global['group.protocol'] !== 'consumer',
      isSubscribed: this.#subscribed,
      memberId: () => this.#committer?.memberId(),
    }
  }

  #create(): KafkaConsumer {
    const { properties, clientId, logger } = this.#options
    try {
      const kafka = new Kafka.KafkaConsumer(
        {
          ...properties.global,
          rebalance_cb: ({ code }: LibrdKafkaError, partitions: TopicPartition[]) =>
            this.#changes!.told(code === ERR__ASSIGN_PARTITIONS ? 'assign' : 'unassign', partitions),
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
      throw refusedProperty(error as Error, this.#properties)
    }
  }

  /** All that librdkafka is given. */
  get #properties(): Properties {
    const { global, topic } = this.#options.properties
    return { ...topic, ...global }
  }

  #onError(code: number, message: string, fatal: boolean): void {
    this.#cutOff.hear({ code, message })
    const { groupInstanceId, clientId } = this.#options
    // With a token that has ended, and another asked for: it passes like a broker that is away.
    const isPassing = UNAUTHENTICATED.has(code) && this.#options.credentials?.areStale === true
    const standing = isPassing ? undefined : standingError(code, message)
    if (standing !== undefined) {
      this.#listener.failed(standing)
      return
    }
    if (fatal) this.#listener.failed(fatalError(code, message, groupInstanceId ?? clientId))
    else this.#errorLog.write({ code, message })
  }
}
