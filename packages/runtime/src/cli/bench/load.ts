/** Generated messages on an embedded broker, for benchmarks and the demo. */
import Kafka, { type LibrdKafkaError } from 'node-rdkafka'
import { type EmbeddedBroker, startEmbeddedBroker } from '../../kafka/embedded-broker.js'

const PARTITIONS = 12
const CONNECT_TIMEOUT_MS = 10_000
const FLUSH_TIMEOUT_MS = 60_000
const POLL_MS = 20
/** librdkafka's queue is full: reports must be taken first. */
const QUEUE_FULL = -184

export interface Load {
  readonly broker: EmbeddedBroker
  readonly topic: string
  readonly messages: number
}

export interface LoadOptions {
  messages: number
  /** Keys, used in turn. */
  keys: number
  /** The value of message `i` with key `key`, the `seq`-th of that key. */
  value(i: number, key: number, seq: number): Buffer
  onProgress(produced: number): void
}

/** Starts a broker and fills a topic of 12 partitions. Stop the broker when done. */
export async function produceLoad({ messages, keys, value, onProgress }: LoadOptions): Promise<Load> {
  const topic = 'load'
  const broker = await startEmbeddedBroker({ topics: { [topic]: PARTITIONS } })
  const producer = new Kafka.Producer({
    'bootstrap.servers': broker.bootstrapServers,
    // As Java and kafkajs place keys.
    partitioner: 'murmur2_random',
    'linger.ms': 5,
  } as never)
  producer.setPollInterval(POLL_MS)
  await new Promise<void>((resolve, reject) => {
    producer.connect({ timeout: CONNECT_TIMEOUT_MS }, (error: LibrdKafkaError | null) =>
      error ? reject(error) : resolve(),
    )
  })
  for (let i = 0; i < messages; ) {
    try {
      producer.produce(topic, null, value(i, i % keys, Math.floor(i / keys)), Buffer.from(`key-${i % keys}`))
      i++
    } catch (error) {
      if ((error as LibrdKafkaError).code !== QUEUE_FULL) throw error
      producer.poll()
      await new Promise((resolve) => setTimeout(resolve, POLL_MS))
    }
    if (i % 1000 === 0) {
      onProgress(i)
      await new Promise((resolve) => setImmediate(resolve))
    }
  }
  await new Promise<void>((resolve, reject) => {
    producer.flush(FLUSH_TIMEOUT_MS, (error: LibrdKafkaError | null) => (error ? reject(error) : resolve()))
  })
  await new Promise<void>((resolve) => producer.disconnect(() => resolve()))
  onProgress(messages)
  return { broker, topic, messages }
}
