/** node-rdkafka's clients, connecting and disconnecting as promises. */
import type { Client, LibrdKafkaError, Metadata } from 'node-rdkafka'

/** What a client of any kind has to offer here. */
type Connects = Pick<Client<never>, 'connect' | 'disconnect'>

/**
 * @param timeoutMs for the first answer of a broker
 * @returns the cluster's brokers and topics, all of them: node-rdkafka's connect is made so
 * @throws LibrdKafkaError
 */
export function connected(client: Connects, timeoutMs: number): Promise<Metadata> {
  return new Promise((resolve, reject) => {
    client.connect({ timeout: timeoutMs }, (error: LibrdKafkaError | null, metadata) =>
      error ? reject(error) : resolve(metadata),
    )
  })
}

export function disconnected(client: Connects): Promise<void> {
  return new Promise((resolve) => {
    client.disconnect(() => resolve())
  })
}
