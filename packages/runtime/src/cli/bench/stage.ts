/**
 * What runs are measured on: a broker, one topic with a backlog, and one that is written to while latencies are measured.
 *
 * On a given cluster both are the bench's own and are deleted with it, and with them what its groups have committed.
 */
import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { consumerProperties, producerProperties } from '../../config/properties.js'
import { errors } from '../../errors.js'
import { Credentials } from '../../kafka/credentials.js'
import { type EmbeddedBroker, startEmbeddedBroker } from '../../kafka/embedded-broker.js'
import { createProducer, type Producer, type ProducerChannel } from '../../kafka/producer.js'
import { createTemporaryTopics } from '../../kafka/temporary-topics.js'
import { scanTopic } from '../../kafka/topic-scan.js'
import type { Logger } from '../../log/logger.js'
import type { ConnectionFlags } from '../connection-options.js'
import { connectionConfig } from './bench-config.js'
import { embeddedPartitions } from './embedded-room.js'
import { firstRecords, type SampleRecord } from './sample.js'

/** Many, as topics of a cluster with several brokers have them. */
const PARTITIONS = 12
/** Records that are written between two looks at the event loop. */
const CHUNK = 500
const FULL_MS = 5
const FLUSH_MS = 60_000
const PACE_MS = 2
/** Its multiples, without their whole part, lie evenly between 0 and 1, however many are taken (Weyl, 1916). */
const GOLDEN = (Math.sqrt(5) - 1) / 2

export interface StageOptions {
  isEmbedded: boolean
  flags: ConnectionFlags
  records: readonly SampleRecord[]
  /** How many records the backlog has, the given ones in turn. */
  messages: number
  logger: Logger
  /** Ends the writing; what has been made by then is undone. */
  signal: AbortSignal
  onProgress(written: number): void
}

export class Stage {
  readonly topic: string
  /** Of each topic. */
  readonly partitions: number
  readonly pacedTopic: string
  /** Undefined where the flags say which. */
  readonly bootstrapServers: string | undefined
  readonly #records: readonly SampleRecord[]
  readonly #producer: Producer
  readonly #paced: Producer
  readonly #pacedRefused = new Refusals()
  readonly #pacedChannel: ProducerChannel
  readonly #remove: () => Promise<void>
  #closing: Promise<void> | undefined
  /** Counts what is paced: who comes later ends those before. */
  #turn = 0

  /** @throws ZkError ZK_BENCH_TOPIC, or when no broker answers, or the signal's reason; nothing is left behind then */
  static async open(options: StageOptions): Promise<Stage> {
    const { isEmbedded, flags, records, messages, logger } = options
    const name = `zk-bench-${randomUUID()}`
    const partitions = isEmbedded ? embeddedPartitions(records, messages, PARTITIONS) : PARTITIONS
    // As many both: with ordering 'partition' fewer would not keep up with half of what more of them reach.
    const topics = { [name]: partitions, [`${name}-paced`]: partitions }
    const broker = isEmbedded ? await startEmbeddedBroker({ topics }) : undefined
    const undo: (() => Promise<void>)[] = broker === undefined ? [] : [() => broker.stop()]
    try {
      const { client, work } = await connectionConfig(flags, broker?.bootstrapServers)
      const credentials = new Credentials(work, logger)
      await credentials.open()
      undo.unshift(async () => credentials.close())
      if (broker === undefined) {
        const { bootstrapServers } = work
        const properties = consumerProperties(work, client).global
        undo.unshift(await createTemporaryTopics({ topics, bootstrapServers, properties, credentials, logger }))
      }
      // As Java and kafkajs place keys.
      const properties = { ...producerProperties(work, client), partitioner: 'murmur2_random' }
      const producer = await createProducer({ properties, credentials, client: 'auto', logger })
      const remove = async () => {
        for (const step of undo) await step()
      }
      const stage = new Stage({ name, partitions, broker, records, producer, remove })
      undo.unshift(() => stage.#closeProducers())
      await stage.#fill(options)
      return stage
    } catch (error) {
      for (const step of undo) await step().catch(() => {})
      throw error
    }
  }

  private constructor(parts: {
    name: string
    partitions: number
    broker: EmbeddedBroker | undefined
    records: readonly SampleRecord[]
    producer: Producer
    remove: () => Promise<void>
  }) {
    this.topic = parts.name
    this.partitions = parts.partitions
    this.pacedTopic = `${parts.name}-paced`
    this.bootstrapServers = parts.broker?.bootstrapServers
    this.#records = parts.records
    this.#producer = parts.producer
    this.#paced = parts.producer.sibling({ 'linger.ms': 0 })
    this.#pacedChannel = this.#paced.channel(this.#pacedRefused)
    this.#remove = parts.remove
  }

  async #fill({ messages, signal, onProgress }: StageOptions): Promise<void> {
    const refusals = new Refusals()
    const channel = this.#producer.channel(refusals)
    for (let i = 0; i < messages; i++) {
      channel.send(this.#record(this.topic, i), i)
      if (i % CHUNK !== 0) continue
      signal.throwIfAborted()
      onProgress(i)
      await new Promise(setImmediate)
      while (this.#producer.isFull) {
        await delay(FULL_MS)
        signal.throwIfAborted()
      }
      refusals.throwFirst(this.topic)
    }
    await flushed(this.#producer, this.topic)
    refusals.throwFirst(this.topic)
    onProgress(messages)
  }

  /**
   * Writes records to the paced topic, evenly in time, until the next call at most.
   * @throws ZkError ZK_BENCH_TOPIC
   */
  async pace(perSecond: number, seconds: number): Promise<void> {
    const turn = ++this.#turn
    this.#pacedRefused.clear()
    // The first one finds the partitions' leaders, which takes a while the first time.
    this.#pacedChannel.send(this.#record(this.pacedTopic, 0), 0)
    await flushed(this.#paced, this.pacedTopic)
    const began = performance.now()
    const all = Math.ceil(perSecond * seconds)
    for (let i = 0; i < all && turn === this.#turn; ) {
      const due = Math.min(all, ((performance.now() - began) / 1_000) * perSecond)
      for (; i < due; i++) this.#pacedChannel.send(this.#record(this.pacedTopic, this.#spread(i)), i)
      await delay(PACE_MS)
    }
    await flushed(this.#paced, this.pacedTopic)
    this.#pacedRefused.throwFirst(this.pacedTopic)
  }

  /** Numbers of records from all of the sample: it may be sorted by key, or its values come again with a period. */
  #spread(i: number): number {
    return Math.floor(((i * GOLDEN) % 1) * this.#records.length)
  }

  /** Idempotent. */
  close(): Promise<void> {
    this.#closing ??= this.#remove()
    return this.#closing
  }

  #record(topic: string, i: number) {
    const { key, value, headers } = this.#records[i % this.#records.length]!
    return { topic, partition: -1, key, value, headers, timestamp: -1 }
  }

  async #closeProducers(): Promise<void> {
    await this.#paced.close(0)
    await this.#producer.close(0)
  }
}

/** Hears of records that a topic did not take. */
class Refusals {
  #first: string | undefined

  delivered(_token: number, error: { message: string } | undefined): void {
    this.#first ??= error?.message
  }

  clear(): void {
    this.#first = undefined
  }

  throwFirst(topic: string): void {
    if (this.#first !== undefined) throw errors.ZK_BENCH_TOPIC([topic], this.#first)
  }
}

async function flushed(producer: Producer, topic: string): Promise<void> {
  const isWritten = await producer.flush(FLUSH_MS)
  if (!isWritten) throw errors.ZK_BENCH_TOPIC([topic], `not all messages were taken within ${FLUSH_MS} ms`)
}

/**
 * The first records of a topic, read by nobody's group: no offset is committed, and nobody's partitions move.
 * @throws ZkError ZK_TOPIC_NOT_FOUND, or when no broker answers
 */
export async function recordsOfTopic(
  topic: string,
  limit: number,
  flags: ConnectionFlags,
  logger: Logger,
): Promise<SampleRecord[]> {
  const { client, work } = await connectionConfig(flags, undefined)
  const credentials = new Credentials(work, logger)
  await credentials.open()
  try {
    const { bootstrapServers } = work
    const properties = consumerProperties(work, client)
    return await firstRecords(
      scanTopic({ topic, bootstrapServers, properties, credentials, reader: 'auto', logger }),
      limit,
    )
  } finally {
    credentials.close()
  }
}
