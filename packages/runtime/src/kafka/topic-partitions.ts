/** Which topics there are, and with how many partitions, as far as this client may see them. Creates none. */
import { type Connecting, connectedConsumer } from './connected-consumer.js'

const CONNECT_TIMEOUT_MS = 10_000

/** @throws ZkError when no broker answers, or refuses the client */
export async function topicPartitions(connecting: Omit<Connecting, 'timeoutMs'>): Promise<Map<string, number>> {
  const { metadata, disconnect } = await connectedConsumer({ ...connecting, timeoutMs: CONNECT_TIMEOUT_MS })
  await disconnect()
  const topics = metadata.topics.filter(({ partitions }) => partitions.length > 0)
  return new Map(topics.map(({ name, partitions }) => [name, partitions.length]))
}
