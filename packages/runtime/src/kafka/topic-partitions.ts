/** Which topics there are, and with how many partitions, as far as this client may see them. Creates none. */
import Kafka, { type LibrdKafkaError } from 'node-rdkafka'
import type { ConsumerProperties } from '../config/properties.js'
import { connectError } from './broker-errors.js'
import { connected, disconnected } from './connect.js'

const CONNECT_TIMEOUT_MS = 10_000

/** @throws ZkError when no broker answers, or refuses the client */
export async function topicPartitions(
  { global, topic }: ConsumerProperties,
  bootstrapServers: readonly string[],
): Promise<Map<string, number>> {
  const consumer = new Kafka.KafkaConsumer(global, topic)
  const { topics } = await connected(consumer, CONNECT_TIMEOUT_MS).catch((error: LibrdKafkaError) => {
    throw connectError(bootstrapServers, error, consumer.getLastError())
  })
  await disconnected(consumer)
  return new Map(
    topics.filter(({ partitions }) => partitions.length > 0).map(({ name, partitions }) => [name, partitions.length]),
  )
}
