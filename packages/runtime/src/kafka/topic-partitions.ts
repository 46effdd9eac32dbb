/** Which topics there are, and with how many partitions, as far as this client may see them. Creates none. */
import type { ConsumerProperties } from '../config/properties.js'
import { disconnected } from './connect.js'
import { connectedConsumer } from './connected-consumer.js'

const CONNECT_TIMEOUT_MS = 10_000

/** @throws ZkError when no broker answers, or refuses the client */
export async function topicPartitions(
  properties: ConsumerProperties,
  bootstrapServers: readonly string[],
): Promise<Map<string, number>> {
  const { consumer, metadata } = await connectedConsumer(properties, bootstrapServers, CONNECT_TIMEOUT_MS)
  await disconnected(consumer)
  const topics = metadata.topics.filter(({ partitions }) => partitions.length > 0)
  return new Map(topics.map(({ name, partitions }) => [name, partitions.length]))
}
