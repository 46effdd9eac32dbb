/** Whether a topic is there to be written to, asked before anything depends on it. */
import { setTimeout } from 'node:timers/promises'
import Kafka, { type LibrdKafkaError, type Producer } from 'node-rdkafka'
import type { Properties } from '../config/properties.js'
import { connectError } from './broker-errors.js'
import { connected, disconnected } from './connect.js'
import type { Credentials } from './credentials.js'
import { hasTopic, metadataOf } from './metadata.js'

const CONNECT_TIMEOUT_MS = 10_000
const ASK_TIMEOUT_MS = 5_000
/** How long a topic may take to appear that the brokers create because they are asked for it. */
const CREATED_MS = 3_000
const AGAIN_MS = 100

/**
 * Asked as a producer: brokers that create topics by themselves (`auto.create.topics.enable`) do so then.
 *
 * @param properties a producer's
 * @param credentials open
 * @throws ZkError when no broker answers, or refuses the client
 */
export async function isWritableTopic(
  topic: string,
  properties: Properties,
  credentials?: Credentials,
): Promise<boolean> {
  const servers = String(properties['bootstrap.servers']).split(',')
  const producer = new Kafka.Producer({ ...properties, 'enable.idempotence': false } as never)
  producer.on('event.error', () => {})
  // It is over long before its token.
  credentials?.attachTo(producer, undefined)()
  await connected(producer, CONNECT_TIMEOUT_MS).catch((error: LibrdKafkaError) => {
    throw connectError(servers, error, properties, producer.getLastError())
  })
  try {
    const deadline = performance.now() + CREATED_MS
    while (!(await isThere(producer, topic))) {
      if (performance.now() >= deadline) return false
      await setTimeout(AGAIN_MS)
    }
    return true
  } finally {
    await disconnected(producer)
  }
}

/** An answer that does not come is no topic: there will be another, until the time is up. */
async function isThere(producer: Producer, topic: string): Promise<boolean> {
  const metadata = await metadataOf(producer, { topic, timeout: ASK_TIMEOUT_MS }).catch(() => undefined)
  return metadata !== undefined && hasTopic(metadata, topic)
}
