/** Generated messages on an embedded broker. */
import { type EmbeddedBroker, startEmbeddedBroker } from '../../kafka/embedded-broker.js'
import { fillTopic } from '../../kafka/fill-topic.js'

const TOPIC = 'load'
const PARTITIONS = 12

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
  const broker = await startEmbeddedBroker({ topics: { [TOPIC]: PARTITIONS } })
  await fillTopic({
    bootstrapServers: broker.bootstrapServers,
    topic: TOPIC,
    messages,
    record: (i) => ({ key: Buffer.from(`key-${i % keys}`), value: value(i, i % keys, Math.floor(i / keys)) }),
    onProgress,
  })
  return { broker, topic: TOPIC, messages }
}
