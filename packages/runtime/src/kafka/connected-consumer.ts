/** A consumer that asks brokers and joins no group. */
import Kafka, { type KafkaConsumer, type LibrdKafkaError, type Metadata } from 'node-rdkafka'
import type { ConsumerProperties } from '../config/properties.js'
import { errors } from '../errors.js'
import { connectError } from './broker-errors.js'
import { connected } from './connect.js'

/**
 * @param timeoutMs for the first answer of a broker
 * @throws ZkError when no broker answers, one refuses the client, or librdkafka a property
 */
export async function connectedConsumer(
  { global, topic }: ConsumerProperties,
  bootstrapServers: readonly string[],
  timeoutMs: number,
): Promise<{ consumer: KafkaConsumer; metadata: Metadata }> {
  let consumer: KafkaConsumer
  try {
    consumer = new Kafka.KafkaConsumer(global, topic)
  } catch (error) {
    throw errors.ZK_CONFIG_UNKNOWN_PROPERTY(undefined, (error as Error).message, { cause: error })
  }
  const metadata = await connected(consumer, timeoutMs).catch((error: LibrdKafkaError) => {
    throw connectError(bootstrapServers, error, consumer.getLastError())
  })
  return { consumer, metadata }
}
