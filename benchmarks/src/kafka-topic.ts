/** A topic filled with generated records, on a real Kafka or the embedded broker. */
import { startEmbeddedBroker } from '@zk/runtime/embedded-broker'
import { fillTopic } from '@zk/runtime/internal/fill-topic'
import Kafka, { type LibrdKafkaError } from 'node-rdkafka'

const PARTITIONS = 12
const KEYS = 10_000
const TOPIC_EXISTS = 36

export interface FilledTopic {
  bootstrap: string
  name: string
  close(): Promise<void>
}

export async function filledTopic(options: {
  bootstrap: string | undefined
  messages: number
  valueBytes: number
}): Promise<FilledTopic> {
  const { messages, valueBytes } = options
  const name = `bench-${valueBytes}-${messages}`
  if (options.bootstrap === undefined) {
    const broker = await startEmbeddedBroker({ topics: { [name]: PARTITIONS } })
    await produce(broker.bootstrapServers, name, messages, valueBytes)
    return { bootstrap: broker.bootstrapServers, name, close: () => broker.stop() }
  }
  // A topic that is there already was filled by an earlier run: its name says with what.
  if (await createTopic(options.bootstrap, name)) await produce(options.bootstrap, name, messages, valueBytes)
  return { bootstrap: options.bootstrap, name, close: async () => {} }
}

/** @returns false when it exists */
async function createTopic(bootstrap: string, topic: string): Promise<boolean> {
  const admin = Kafka.AdminClient.create({ 'bootstrap.servers': bootstrap })
  try {
    return await new Promise((resolve, reject) => {
      admin.createTopic(
        { topic, num_partitions: PARTITIONS, replication_factor: 1 },
        (error: LibrdKafkaError | undefined) => {
          if (!error) resolve(true)
          else if (error.code === TOPIC_EXISTS) resolve(false)
          else reject(error)
        },
      )
    })
  } finally {
    admin.disconnect()
  }
}

function produce(bootstrapServers: string, topic: string, messages: number, valueBytes: number): Promise<void> {
  const value = Buffer.alloc(valueBytes, 'x')
  const record = (i: number) => ({ key: Buffer.from(`key-${i % KEYS}`), value })
  return fillTopic({ bootstrapServers, topic, messages, record, onProgress: () => {} })
}
