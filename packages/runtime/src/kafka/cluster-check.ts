/** What `zk doctor` asks a cluster, without joining a group or leaving anything behind. */
import Kafka, { type KafkaConsumer, type LibrdKafkaError, type Metadata } from 'node-rdkafka'
import type { Check } from '../cli/check.js'
import { errors } from '../errors.js'
import { connectError } from './broker-errors.js'
import { connected, disconnected } from './connect.js'

const CONNECT_TIMEOUT_MS = 8_000
const GROUP_TIMEOUT_MS = 5_000

export interface ClusterQuestion {
  brokers: readonly string[]
  topics: readonly string[]
  group: string | undefined
  properties: Readonly<Record<string, string>>
}

/** @throws ZkError when no broker answers or the client is refused */
export async function* checkCluster(question: ClusterQuestion): AsyncGenerator<Check> {
  const { brokers, topics, group } = question
  const { consumer, metadata } = await connect(question)
  try {
    yield { name: 'brokers', result: 'ok', found: `${metadata.brokers.length} reached through ${brokers.join(', ')}` }
    for (const name of topics) yield checkTopic(metadata, name)
    if (group !== undefined && topics.length > 0) yield await checkGroup(consumer, group, metadata, topics)
  } finally {
    await disconnected(consumer)
  }
}

async function connect({ brokers, group = 'zk-doctor', properties }: ClusterQuestion) {
  let consumer: KafkaConsumer
  try {
    consumer = new Kafka.KafkaConsumer(
      {
        ...properties,
        'bootstrap.servers': brokers.join(','),
        'group.id': group,
        'enable.auto.commit': false,
      } as never,
      {},
    )
  } catch (error) {
    throw errors.ZK_CONFIG_UNKNOWN_PROPERTY(undefined, (error as Error).message, { cause: error })
  }
  const metadata = await connected(consumer, CONNECT_TIMEOUT_MS).catch((error: LibrdKafkaError) => {
    throw connectError(brokers, error, consumer.getLastError())
  })
  return { consumer, metadata }
}

function checkTopic({ topics }: Metadata, name: string): Check {
  const found = topics.find((topic) => topic.name === name)
  if (found === undefined || found.partitions.length === 0) {
    const fix = 'Create it, or allow this client to describe and read it (ACL Describe, Read on the topic).'
    return { name: `topic ${name}`, result: 'fail', found: 'not found, or not allowed to be seen', fix }
  }
  return { name: `topic ${name}`, result: 'ok', found: `${found.partitions.length} partitions` }
}

/** Asks for the group's offsets, which needs the same rights as joining it, and disturbs no member. */
async function checkGroup(
  consumer: KafkaConsumer,
  group: string,
  { topics }: Metadata,
  wanted: readonly string[],
): Promise<Check> {
  const name = `group ${group}`
  const partitions = topics
    .filter((topic) => wanted.includes(topic.name))
    .flatMap((topic) => topic.partitions.map(({ id }) => ({ topic: topic.name, partition: id })))
  return new Promise((resolve) => {
    consumer.committed(partitions as never, GROUP_TIMEOUT_MS, (error: LibrdKafkaError | null, offsets) => {
      if (error) {
        const fix = 'Allow this client to read the group (ACL Read on the group).'
        resolve({ name, result: 'fail', found: error.message, fix })
        return
      }
      const began = offsets.some((one) => 'offset' in one && Number(one.offset) >= 0)
      resolve({ name, result: 'ok', found: began ? 'has committed offsets' : 'has committed nothing yet' })
    })
  })
}
