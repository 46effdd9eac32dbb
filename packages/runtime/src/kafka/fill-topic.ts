/** Fills a topic with generated records, as fast as librdkafka takes them. */
import { setImmediate, setTimeout } from 'node:timers/promises'
import Kafka, { type LibrdKafkaError, type MessageHeader } from 'node-rdkafka'
import { connected, disconnected } from './connect.js'
import { ERR__QUEUE_FULL } from './error-codes.js'

const CONNECT_TIMEOUT_MS = 10_000
const FLUSH_TIMEOUT_MS = 60_000
const POLL_MS = 20
/** How many records are handed over between two looks at the event loop. */
const CHUNK = 1_000

export interface FillOptions {
  bootstrapServers: string
  topic: string
  messages: number
  /** Without a partition its key places it. */
  record(i: number): { key: Buffer; value: Buffer; headers?: MessageHeader[]; partition?: number | undefined }
  /** Where a batch ends, in bytes. Default: librdkafka's 1,000,000, which batches reach or not, as the machine permits. */
  batchBytes?: number
  onProgress?(produced: number): void
}

export async function fillTopic(options: FillOptions): Promise<void> {
  const { bootstrapServers, topic, messages, record, onProgress, batchBytes } = options
  const producer = new Kafka.Producer({
    'bootstrap.servers': bootstrapServers,
    // As Java and kafkajs place keys.
    partitioner: 'murmur2_random',
    'linger.ms': 5,
    ...(batchBytes !== undefined && { 'batch.size': batchBytes }),
  } as never)
  producer.setPollInterval(POLL_MS)
  await connected(producer, CONNECT_TIMEOUT_MS)
  for (let i = 0; i < messages; ) {
    try {
      const { key, value, headers, partition = null } = record(i)
      producer.produce(topic, partition, value, key, null, null, headers)
      i++
    } catch (error) {
      if ((error as LibrdKafkaError).code !== ERR__QUEUE_FULL) throw error
      // Delivery reports must be taken first.
      await setTimeout(POLL_MS)
    }
    if (i % CHUNK === 0) {
      onProgress?.(i)
      await setImmediate()
    }
  }
  await new Promise<void>((resolve, reject) => {
    producer.flush(FLUSH_TIMEOUT_MS, (error: LibrdKafkaError | null) => (error ? reject(error) : resolve()))
  })
  await disconnected(producer)
  onProgress?.(messages)
}
