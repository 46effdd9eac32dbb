/** What `zk doctor` asks a cluster, without joining a group or leaving anything behind. */
import type { KafkaConsumer, LibrdKafkaError, Metadata, TopicMetadata } from 'node-rdkafka'
import type { Check } from '../cli/check.js'
import type { ConsumerProperties } from '../config/properties.js'
import { isPattern, topicMatcher } from '../config/topic-pattern.js'
import { connectedConsumer } from './connected-consumer.js'
import type { Credentials } from './credentials.js'

const CONNECT_TIMEOUT_MS = 8_000
const GROUP_TIMEOUT_MS = 5_000

export interface ClusterQuestion {
  brokers: readonly string[]
  topics: readonly string[]
  group: string | undefined
  properties: ConsumerProperties
  /** Open. */
  credentials: Credentials
}

/** @throws ZkError when no broker answers or the client is refused */
export async function* checkCluster(question: ClusterQuestion): AsyncGenerator<Check> {
  const { brokers, topics, group, properties, credentials } = question
  const connecting = { properties, bootstrapServers: brokers, credentials, timeoutMs: CONNECT_TIMEOUT_MS }
  const { consumer, metadata, disconnect } = await connectedConsumer(connecting)
  try {
    yield { name: 'brokers', result: 'ok', found: `${metadata.brokers.length} reached through ${brokers.join(', ')}` }
    for (const name of topics) yield checkTopic(metadata, name)
    if (group !== undefined) yield await checkGroup(consumer, group, metadata, topics)
  } finally {
    await disconnect()
  }
}

function checkTopic({ topics }: Metadata, name: string): Check {
  if (isPattern(name)) {
    const matches = topicMatcher([name])
    return checkPattern(
      topics.filter((topic) => matches(topic.name)),
      name,
    )
  }
  const found = topics.find((topic) => topic.name === name)
  if (found === undefined || found.partitions.length === 0) {
    const fix = 'Create it, or allow this client to describe and read it (ACL Describe, Read on the topic).'
    return { name: `topic ${name}`, result: 'fail', found: 'not found, or not allowed to be seen', fix }
  }
  return { name: `topic ${name}`, result: 'ok', found: `${found.partitions.length} partitions` }
}

function checkPattern(topics: readonly TopicMetadata[], pattern: string): Check {
  const name = `topics ${pattern}`
  if (topics.length === 0) {
    const fix = 'Correct it, or wait: zk run reads topics that are created later and match.'
    return { name, result: 'warn', found: 'no topic matches', fix }
  }
  return { name, result: 'ok', found: topics.map((topic) => topic.name).join(', ') }
}

/** Asks for the group's offsets, which disturbs no member. It needs Describe; whether it may be joined (Read) is not asked. */
async function checkGroup(
  consumer: KafkaConsumer,
  group: string,
  { topics }: Metadata,
  wanted: readonly string[],
): Promise<Check> {
  const name = `group ${group}`
  const isWanted = topicMatcher(wanted)
  // Without topics any one will do.
  const asked = wanted.length === 0 ? topics.slice(0, 1) : topics.filter(({ name }) => isWanted(name))
  const partitions = asked.flatMap(({ name, partitions }) =>
    partitions.map(({ id }) => ({ topic: name, partition: id })),
  )
  if (partitions.length === 0) {
    const fix = 'Name a topic that exists: it takes one to ask.'
    return { name, result: 'warn', found: 'not asked: there is no topic', fix }
  }
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
