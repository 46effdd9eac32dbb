/** What a cluster has, asked of node-rdkafka's clients, and the one question of them that is not ours. */
import type { Client, LibrdKafkaError, Metadata, MetadataOptions } from 'node-rdkafka'

type Asked = Pick<Client<never>, 'getMetadata'>
type Done = (error: LibrdKafkaError, metadata: Metadata) => void

/** @throws LibrdKafkaError */
export function metadataOf(client: Asked, options: MetadataOptions): Promise<Metadata> {
  return new Promise((resolve, reject) => {
    client.getMetadata(options, (error: LibrdKafkaError | null, metadata) =>
      error ? reject(error) : resolve(metadata),
    )
  })
}

/** A topic that was asked for stands in the answer also where there is none, without partitions. */
export function hasTopic({ topics }: Metadata, topic: string): boolean {
  return topics.some(({ name, partitions }) => name === topic && partitions.length > 0)
}

/**
 * `connect` of node-rdkafka asks for metadata by itself, as soon as librdkafka has made the client.
 *
 * @param ask is called in the place of the client's next `getMetadata`; those after it are the client's again, its own too
 */
export function atNextMetadata(client: Asked, ask: (options: MetadataOptions, done: Done) => void): void {
  const { getMetadata } = client
  client.getMetadata = (options = {}, done = () => {}) => {
    client.getMetadata = getMetadata
    ask(options, done)
  }
}
