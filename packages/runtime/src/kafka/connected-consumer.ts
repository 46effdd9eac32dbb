/** A consumer that asks brokers and joins no group. */
import Kafka, { type KafkaConsumer, type LibrdKafkaError, type Metadata } from 'node-rdkafka'
import type { ConsumerProperties } from '../config/properties.js'
import { within } from '../within.js'
import { connectError } from './broker-errors.js'
import { connected, disconnected } from './connect.js'
import type { Credentials } from './credentials.js'
import type { Native } from './open-reader.js'
import { refusedProperty } from './refused-property.js'

/** Brokers that do not answer are not waited for, when there is nothing to tell them. */
const DISCONNECT_TIMEOUT_MS = 5_000

/** How, and with what. */
export interface Connecting {
  properties: ConsumerProperties
  bootstrapServers: readonly string[]
  /** Open. */
  credentials?: Credentials | undefined
  /** For the first answer of a broker. */
  timeoutMs: number
}

export interface ConnectedConsumer {
  consumer: KafkaConsumer
  metadata: Metadata
  /** Waits no longer than five seconds. */
  disconnect(): Promise<void>
}

/** @throws ZkError when no broker answers, one refuses the client, or librdkafka a property */
export async function connectedConsumer(
  { properties: { global, topic }, bootstrapServers, credentials, timeoutMs }: Connecting,
  native?: Native,
): Promise<ConnectedConsumer> {
  const properties = { ...topic, ...global }
  let consumer: KafkaConsumer
  try {
    consumer = new Kafka.KafkaConsumer(global, topic)
  } catch (error) {
    throw refusedProperty(error as Error, properties)
  }
  const detach = credentials?.attachTo(consumer, native) ?? (() => {})
  const metadata = await connected(consumer, timeoutMs).catch((error: LibrdKafkaError) => {
    detach()
    throw connectError(bootstrapServers, error, properties, consumer.getLastError())
  })
  const disconnect = () => {
    detach()
    return within(DISCONNECT_TIMEOUT_MS, disconnected(consumer), undefined)
  }
  return { consumer, metadata, disconnect }
}
