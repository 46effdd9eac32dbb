/** What a topic holds. */
import Kafka, { type LibrdKafkaError } from 'node-rdkafka'

const TIMEOUT_MS = 10_000

export interface TopicSize {
  partitions: number
  /** Between the first and the last offset of each partition. */
  records: number
}

/** @throws LibrdKafkaError when the cluster does not answer in ten seconds, or has no such topic */
export async function topicSize(bootstrap: string, topic: string): Promise<TopicSize> {
  const client = new Kafka.Producer({ 'bootstrap.servers': bootstrap })
  try {
    const { topics } = await new Promise<Kafka.Metadata>((resolve, reject) => {
      client.connect({ topic, timeout: TIMEOUT_MS }, (error: LibrdKafkaError | null, metadata) =>
        error ? reject(error) : resolve(metadata),
      )
    })
    const { partitions } = topics.find(({ name }) => name === topic)!
    const counts = await Promise.all(partitions.map(({ id }) => countOf(client, topic, id)))
    return { partitions: partitions.length, records: counts.reduce((sum, count) => sum + count, 0) }
  } finally {
    client.disconnect()
  }
}

function countOf(client: Kafka.Producer, topic: string, partition: number): Promise<number> {
  return new Promise((resolve, reject) => {
    client.queryWatermarkOffsets(topic, partition, TIMEOUT_MS, (error: LibrdKafkaError | null, offsets) =>
      error ? reject(error) : resolve(offsets.highOffset - offsets.lowOffset),
    )
  })
}
