/**
 * Where the integration tests play: a broker, topics filled by kafkajs, and works whose events, logs and deliveries can
 * be waited for. On the embedded broker, or on the real Kafka that KAFKA_BOOTSTRAP names.
 */
import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createClient, type RunOptions, type RunSummary, type Work, type WorkEvent, type WorkInput } from '@zk/runtime'
import { type Admin, Kafka, type KafkaMessage, logLevel, type Message } from 'kafkajs'
import { startEmbeddedBroker } from '../../src/embedded-broker.js'
import { Events } from './events.js'
import { Journal } from './journal.js'
import { commitOffset } from './offset-commit.js'
import { type LogLine, recordingLogger } from './recording-logger.js'
import { eventually } from './waiting.js'

const real = process.env.KAFKA_BOOTSTRAP
export const isReal = real !== undefined

/** The real Kafka is read with the packed reader; its cost and not its correctness depends on the broker. */
export const readers = real === undefined ? (['native', 'portable'] as const) : (['native'] as const)
export type ReaderKind = (typeof readers)[number]

export const recorder = new URL('./processors/recorder.mjs', import.meta.url)

/**
 * Groups form and hear of each other soon. The embedded broker lets every rebalance wait for a session timeout; Kafka
 * takes none below 6 s, and waits only for members that are silent. With KIP-848 the brokers say how often they are asked.
 */
export const quick = { 'heartbeat.interval.ms': 200, 'session.timeout.ms': real === undefined ? 2000 : 6000 }
/** Commits come often. */
export const COMMIT_MS = 100

const LARGE = 'x'.repeat(900_000)
const NOT_COORDINATOR = 16

export interface Produced {
  topic: string
  partition: number
  offset: number
  key: string | null
  value: string | null
}

export interface RecordToProduce {
  partition?: number
  key: string | null
  value?: string | null
  headers?: Message['headers']
  /** Milliseconds since 1970; default: now. */
  timestamp?: number
}

export interface WrittenLetter {
  key: string | null
  value: string | null
  timestamp: number
  /** Every header as text; of a repeated name the last. */
  headers: Record<string, string | undefined>
  origin: { topic: string; partition: number; offset: number }
  cause: string
  attempts: number
}

export const KEYS = Array.from({ length: 40 }, (_, i) => `k${i}`)

/** Records spread over partitions and keys. */
export function keyed(count: number, { partitions = 4, value = 'x' } = {}): RecordToProduce[] {
  return Array.from({ length: count }, (_, i) => ({ partition: i % partitions, key: KEYS[i % KEYS.length]!, value }))
}

/** A change of what a member owns. */
export type Change = Extract<WorkEvent, { type: 'assigned' | 'revoked' | 'lost' }>

export type Play = ReturnType<Stage['play']>

export class Stage {
  readonly bootstrapServers: string
  readonly #stop: () => Promise<void>
  readonly #kafka: Kafka
  readonly #plays: { end(): Promise<void> }[] = []
  readonly #dirs: string[] = []
  readonly #journals: Journal[] = []

  private constructor(bootstrapServers: string, stop: () => Promise<void>) {
    this.bootstrapServers = bootstrapServers
    this.#stop = stop
    this.#kafka = new Kafka({ brokers: bootstrapServers.split(','), logLevel: logLevel.NOTHING })
  }

  static async open(): Promise<Stage> {
    if (real !== undefined) return new Stage(real, async () => {})
    const broker = await startEmbeddedBroker()
    const stage = new Stage(broker.bootstrapServers, () => broker.stop())
    stage.#create = async (topic, partitions) => broker.createTopic(topic, partitions)
    return stage
  }

  /** On a broker that somebody else starts, with its topics, and stops. */
  static on(bootstrapServers: string): Stage {
    return new Stage(bootstrapServers, async () => {})
  }

  groupName(): string {
    return `g-${randomUUID()}`
  }

  /** @returns the name of a new topic */
  async topic(partitions = 4, name = `t-${randomUUID()}`): Promise<string> {
    await this.#create(name, partitions)
    return name
  }

  #create: (topic: string, partitions: number) => Promise<void> = async (topic, numPartitions) => {
    await this.#asAdmin((admin) => admin.createTopics({ topics: [{ topic, numPartitions }], waitForLeaders: true }))
  }

  /** Of a real Kafka. @returns the name of a new topic of one partition, from which old records of a key disappear soon */
  async compactedTopic(): Promise<string> {
    const topic = `c-${randomUUID()}`
    const config = {
      ...{ 'cleanup.policy': 'compact', 'segment.ms': '1', 'min.cleanable.dirty.ratio': '0.01' },
      ...{ 'delete.retention.ms': '0', 'max.compaction.lag.ms': '1' },
    }
    const configEntries = Object.entries(config).map(([name, value]) => ({ name, value }))
    await this.#asAdmin((admin) =>
      admin.createTopics({ topics: [{ topic, numPartitions: 1, configEntries }], waitForLeaders: true }),
    )
    return topic
  }

  /** Of a real Kafka: the topic has so many partitions from now on, and its brokers say so. */
  async grow(topic: string, count: number): Promise<void> {
    await this.#asAdmin(async (admin) => {
      await admin.createPartitions({ topicPartitions: [{ topic, count }] })
      await allLed(admin, topic, count)
    })
  }

  /** Of a real Kafka: another topic takes the place and the name of this one. */
  async replaceTopic(topic: string, partitions: number): Promise<void> {
    await this.deleteTopic(topic)
    await this.topic(partitions, topic)
    await this.#asAdmin((admin) => allLed(admin, topic, partitions))
  }

  /** Of a real Kafka. Resolves when its brokers do not know the topic any more. */
  async deleteTopic(topic: string): Promise<void> {
    await this.#asAdmin(async (admin) => {
      await admin.deleteTopics({ topics: [topic] })
      await eventually(async () => !(await admin.listTopics()).includes(topic))
    })
  }

  async #asAdmin<T>(use: (admin: Admin) => Promise<T>): Promise<T> {
    const admin = this.#kafka.admin()
    await admin.connect()
    try {
      return await use(admin)
    } finally {
      await admin.disconnect()
    }
  }

  /** Records go to partition 0 where they do not say. @returns them with their offsets, in order within a partition */
  async produce(topic: string, records: readonly RecordToProduce[]): Promise<Produced[]> {
    const producer = this.#kafka.producer({ allowAutoTopicCreation: false })
    await producer.connect()
    const messages = records.map(({ partition = 0, key, value = 'x', headers, timestamp }) => ({
      partition,
      key,
      value,
      ...(headers === undefined ? {} : { headers }),
      ...(timestamp === undefined ? {} : { timestamp: String(timestamp) }),
    }))
    const answers = await producer.send({ topic, messages })
    await producer.disconnect()
    const next = new Map(answers.map(({ partition, baseOffset }) => [partition, Number(baseOffset)]))
    return messages.map(({ partition, key, value }) => {
      const offset = next.get(partition)!
      next.set(partition, offset + 1)
      return { topic, partition, offset, key, value }
    })
  }

  /** One transaction after the other into partition 0. Each leaves a marker behind its records. */
  async produceInTransactions(
    topic: string,
    transactions: readonly { records: readonly RecordToProduce[]; outcome: 'commit' | 'abort' }[],
  ): Promise<void> {
    const transactionalId = `x-${randomUUID()}`
    const producer = this.#kafka.producer({ transactionalId, idempotent: true, maxInFlightRequests: 1 })
    await producer.connect()
    for (const { records, outcome } of transactions) {
      const transaction = await producer.transaction()
      const messages = records.map(({ key, value = 'x' }) => ({ partition: 0, key, value }))
      await transaction.send({ topic, messages })
      await transaction[outcome]()
    }
    await producer.disconnect()
  }

  /** All that a dead letter topic of one partition holds now, in order. */
  async deadLetters(topic: string): Promise<WrittenLetter[]> {
    const [end] = await this.#asAdmin((admin) => admin.fetchTopicOffsets(topic))
    const count = Number(end!.high)
    const letters: WrittenLetter[] = []
    if (count === 0) return letters
    const consumer = this.#kafka.consumer({ groupId: `dlt-${randomUUID()}` })
    await consumer.connect()
    await consumer.subscribe({ topic, fromBeginning: true })
    const all = new Promise<void>((resolve) => {
      void consumer.run({
        eachMessage: async ({ message }) => {
          letters.push(letterOf(message))
          if (letters.length === count) resolve()
        },
      })
    })
    await all
    await consumer.disconnect()
    return letters
  }

  /** The next offset to read of each partition as the group has committed it; -1 where it has not. */
  async committed(group: string, topic: string): Promise<number[]> {
    const [answer] = await this.#asAdmin((admin) => admin.fetchOffsets({ groupId: group, topics: [topic] }))
    const offsets: number[] = []
    for (const { partition, offset } of answer!.partitions) offsets[partition] = Number(offset)
    return offsets
  }

  /** Sets what a group has committed of partition 0. @throws where it has members: the brokers refuse that */
  async setCommitted(group: string, topic: string, offset: number): Promise<void> {
    // Some broker becomes its coordinator when it is asked for.
    if (real !== undefined) await this.classicState(group)
    for (const broker of this.bootstrapServers.split(',')) {
      const code = await commitOffset(broker, group, topic, offset)
      if (code === 0) return
      if (code !== NOT_COORDINATOR) throw new Error(`the commit of ${group} is refused with error ${code}`)
    }
  }

  /** The first offset of partition 0 that is there, and the next that will be. */
  async bounds(topic: string): Promise<{ low: number; high: number }> {
    const [partition] = await this.#asAdmin((admin) => admin.fetchTopicOffsets(topic))
    return { low: Number(partition!.low), high: Number(partition!.high) }
  }

  /** The oldest records of partition 0 are gone, as with retention. @returns what is left */
  async dropOldest(topic: string): Promise<{ low: number; high: number }> {
    const { low, high } = await this.bounds(topic)
    if (real !== undefined) {
      const partitions = [{ partition: 0, offset: String(low + Math.ceil((high - low) / 2)) }]
      await this.#asAdmin(async (admin) => {
        // kafkajs has to know the topic's leaders first.
        await admin.fetchTopicOffsets(topic)
        await admin.deleteTopicRecords({ topic, partitions })
      })
    }
    // The embedded broker keeps 5 MiB of a partition.
    else while ((await this.bounds(topic)).low === low) await this.produce(topic, [{ key: 'large', value: LARGE }])
    return this.bounds(topic)
  }

  /** What the broker says of a group of the classic protocol: 'Dead' where it has none of that protocol. */
  async classicState(group: string): Promise<string> {
    const { groups } = await this.#asAdmin((admin) => admin.describeGroups([group]))
    return groups[0]!.state
  }

  folder(): string {
    const dir = mkdtempSync(join(tmpdir(), 'zk-integration-'))
    this.#dirs.push(dir)
    return dir
  }

  journal(): Journal {
    const journal = new Journal(join(this.folder(), 'journal.jsonl'))
    this.#journals.push(journal)
    return journal
  }

  /**
   * Starts a work, in a new group unless one is named, and leaves it running. `run` and `ended` tell how it went; a
   * failure for which the test never asked fails it in `clear`.
   */
  play(input: Partial<WorkInput> & { topic?: string; topics?: string[] }, options: Omit<RunOptions, 'onEvent'> = {}) {
    const log = new Events<LogLine>()
    const events = new Events<WorkEvent>()
    const shutdown = new AbortController()
    const abort = new AbortController()
    const client = createClient({ bootstrapServers: this.bootstrapServers.split(',') })
    const groupId = input.groupId ?? this.groupName()
    const { additionalProps, ...rest } = input
    const work: Work = client.workFactory({ logger: recordingLogger((line) => log.add(line)) }).create({
      groupId,
      processor: recorder,
      speedup: 2,
      autoCommitIntervalMs: COMMIT_MS,
      additionalProps: { ...(input.groupProtocol === 'consumer' ? {} : quick), ...additionalProps },
      ...rest,
    })
    const run = work.run({
      shutdown: shutdown.signal,
      signal: abort.signal,
      ...options,
      onEvent: (event) => events.add(event),
    })
    const ended: Promise<{ summary?: RunSummary; error?: Error & { code?: string; exitCode?: number } }> = run.then(
      (summary) => ({ summary }),
      (error) => ({ error }),
    )
    let asked = false
    const ask = <T>(promise: Promise<T>): Promise<T> => {
      asked = true
      return promise
    }
    const play = {
      groupId,
      work,
      log,
      events,
      get run() {
        return ask(run)
      },
      get ended() {
        return ask(ended)
      },
      assigned: () => events.until(({ type }) => type === 'assigned'),
      /** The first such change that is not of no partition at all, `from` that event on. */
      change: async (type: Change['type'], from = 0): Promise<Change> =>
        (await events.until((event) => event.type === type && event.partitions.length > 0, from)) as Change,
      drain: async (): Promise<RunSummary> => {
        shutdown.abort()
        return ask(run)
      },
      abort: async (): Promise<RunSummary> => {
        abort.abort()
        return ask(run)
      },
      end: async () => {
        abort.abort()
        const { error } = await ended
        await client.close()
        if (error !== undefined && !asked) throw error
      },
    }
    this.#plays.push(play)
    return play
  }

  /** Ended with what else the test leaves running. */
  alsoEnd(one: { end(): Promise<void> }): void {
    this.#plays.push(one)
  }

  /** Ends what a test left running. */
  async clear(): Promise<void> {
    await Promise.all(this.#plays.splice(0).map((play) => play.end()))
    for (const journal of this.#journals.splice(0)) journal.close()
    for (const dir of this.#dirs.splice(0)) rmSync(dir, { recursive: true, force: true })
  }

  async close(): Promise<void> {
    await this.clear()
    await this.#stop()
  }
}

/** Written with `headerStyle: 'zk'`. */
function letterOf({ key, value, timestamp, headers: given = {} }: KafkaMessage): WrittenLetter {
  const last = (header: unknown) => [header].flat().at(-1)?.toString()
  const headers = Object.fromEntries(Object.entries(given).map(([name, header]) => [name, last(header)]))
  const about = (name: string) => headers[`__dlq.errors.${name}`]!
  return {
    ...{ key: key?.toString() ?? null, value: value?.toString() ?? null, timestamp: Number(timestamp), headers },
    origin: { topic: about('topic'), partition: Number(about('partition')), offset: Number(about('offset')) },
    ...{ cause: headers['zk.dlt.cause']!, attempts: Number(about('delivery.count')) },
  }
}

/** Each partition has a leader that knows of it: to one that does not, a producer would send some records twice, or none. */
async function allLed(admin: Admin, topic: string, partitions: number): Promise<void> {
  const ends = () => admin.fetchTopicOffsets(topic).catch(() => [])
  await eventually(async () => (await ends()).length === partitions)
}
