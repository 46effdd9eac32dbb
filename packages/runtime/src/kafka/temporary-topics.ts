/** Topics of a tool's own on somebody's cluster, for as long as the tool runs. */
import { setTimeout as delay } from 'node:timers/promises'
import Kafka, { type IAdminClient, type LibrdKafkaError } from 'node-rdkafka'
import type { Properties } from '../config/properties.js'
import { errors } from '../errors.js'
import type { Logger } from '../log/logger.js'
import { connectError } from './broker-errors.js'
import type { Credentials } from './credentials.js'
import { ERR_UNKNOWN_TOPIC_OR_PART } from './error-codes.js'
import { topicPartitions } from './topic-partitions.js'

const TIMEOUT_MS = 10_000
const LOOK_MS = 50

export interface TemporaryTopicsOptions {
  topics: Readonly<Record<string, number>>
  bootstrapServers: readonly string[]
  /** Connection properties of librdkafka. */
  properties: Properties
  /** Open. */
  credentials: Credentials
  logger: Logger
}

/**
 * Creates them and waits until the cluster knows of them. With a topic the offsets that groups have committed for it go too.
 *
 * @returns what deletes them again, and logs an error that names those which it could not delete
 * @throws ZkError ZK_BENCH_TOPIC, or when no broker answers
 */
export async function createTemporaryTopics(options: TemporaryTopicsOptions): Promise<() => Promise<void>> {
  const { topics, bootstrapServers, properties, credentials } = options
  const connecting = { properties: { global: properties, topic: {} }, bootstrapServers, credentials }
  // Before anything is made: an address that nobody answers at is told as such.
  await topicPartitions(connecting)
  const names = Object.keys(topics)
  const tried: string[] = []
  try {
    await withAdmin(options, async (admin) => {
      for (const [name, partitions] of Object.entries(topics)) {
        // An answer may be lost of one that was made.
        tried.push(name)
        await createTopic(admin, name, partitions)
      }
    })
    const deadline = performance.now() + TIMEOUT_MS
    for (;;) {
      const known = await topicPartitions(connecting)
      if (names.every((name) => known.get(name) === topics[name])) break
      if (performance.now() > deadline) throw errors.ZK_BENCH_TOPIC(names, 'the cluster does not know it yet')
      await delay(LOOK_MS)
    }
  } catch (error) {
    await removeTopics(tried, options)
    throw error
  }
  return () => removeTopics(tried, options)
}

async function removeTopics(names: readonly string[], options: TemporaryTopicsOptions): Promise<void> {
  const { logger } = options
  const tell = (topics: readonly string[], err: unknown) =>
    logger.error({ err, topics }, `${topics.join(' and ')} could not be deleted: delete by hand what is there of it`)
  await withAdmin(options, async (admin) => {
    await Promise.all(names.map((topic) => deleteTopic(admin, topic).catch((err) => tell([topic], err))))
  }).catch((err) => tell(names, err))
}

function createTopic(admin: IAdminClient, topic: string, partitions: number): Promise<void> {
  // −1: as many replicas as the cluster has by default.
  const wanted = { topic, num_partitions: partitions, replication_factor: -1 }
  return new Promise((resolve, reject) => {
    admin.createTopic(wanted, TIMEOUT_MS, (error?: LibrdKafkaError) => {
      if (error) reject(errors.ZK_BENCH_TOPIC([topic], error.message, { cause: error }))
      else resolve()
    })
  })
}

function deleteTopic(admin: IAdminClient, topic: string): Promise<void> {
  return new Promise((resolve, reject) => {
    admin.deleteTopic(topic, TIMEOUT_MS, (error?: LibrdKafkaError) => {
      if (error === undefined || error.code === ERR_UNKNOWN_TOPIC_OR_PART) resolve()
      else reject(error)
    })
  })
}

async function withAdmin<T>(
  { properties, credentials, bootstrapServers }: TemporaryTopicsOptions,
  use: (admin: IAdminClient) => Promise<T>,
): Promise<T> {
  let token: string | undefined
  const detach = credentials.attach({
    setToken: (value) => {
      token = value
      return true
    },
  })
  detach()
  let admin: IAdminClient
  try {
    admin = Kafka.AdminClient.create(properties as never, token)
  } catch (error) {
    throw connectError(bootstrapServers, error as LibrdKafkaError, properties, null)
  }
  try {
    return await use(admin)
  } finally {
    admin.disconnect()
  }
}
