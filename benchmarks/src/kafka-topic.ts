/** A topic filled with generated records, on a real Kafka or the embedded broker. */
import { setTimeout as delay } from 'node:timers/promises'
import { startEmbeddedBroker } from '@zk/runtime/embedded-broker'
import { fillTopic } from '@zk/runtime/internal/fill-topic'
import Kafka, { type LibrdKafkaError } from 'node-rdkafka'
import { undoneAtSignal } from './interrupt.js'
import { topicSize } from './topic-size.js'
import { UsageError } from './usage.js'

const PARTITIONS = 12
const KEYS = 10_000
const TOPIC_EXISTS = 36
const DELETED_MS = 30_000

export interface Keys {
  name: string
  of(i: number): string
  /** Where all of them go, wherever the keys would place them. */
  partition?: number
}

export const IN_TURN: Keys = { name: '', of: (i) => `key-${i % KEYS}` }

export interface BenchTopic {
  bootstrap: string
  name: string
  close(): Promise<void>
}

interface FillOptions {
  bootstrap: string | undefined
  messages: number
  valueBytes: number
  /** Of each record, 16 bytes of value; default: none. */
  headers?: number
  /** The key of each record, and what the topic's name says of them. Default: 10,000 keys in turn. */
  keys?: Keys
  /** Default: 12. */
  partitions?: number
}

export async function filledTopic(options: FillOptions): Promise<BenchTopic> {
  const { messages, valueBytes, headers = 0, keys = IN_TURN, partitions = PARTITIONS } = options
  const among = partitions === PARTITIONS ? '' : `-over-${partitions}`
  const besides = headers === 0 ? '' : `-headers-${headers}`
  const name = `bench-${valueBytes}-${messages}${besides}${keys.name === '' ? '' : `-${keys.name}`}${among}`
  if (options.bootstrap === undefined) {
    const broker = await startEmbeddedBroker({ topics: { [name]: partitions } })
    const records = await filled(broker.bootstrapServers, name, options)
    if (records === messages) return { bootstrap: broker.bootstrapServers, name, close: () => broker.stop() }
    await broker.stop()
    throw new UsageError(`the embedded broker keeps ${records} of ${messages} messages: use fewer, or --bootstrap`)
  }
  const { bootstrap } = options
  // Its name says with what an earlier run has filled it, or began to, and Kafka may have deleted records since.
  if (!(await createTopic(bootstrap, name, partitions))) {
    const size = await topicSize(bootstrap, name)
    if (size.records === messages && size.partitions === partitions) return { bootstrap, name, close: async () => {} }
    console.error(`${name} has ${size.records} records in ${size.partitions} partitions: it is filled anew`)
    await deleteTopic(bootstrap, name)
    await createdAnew(bootstrap, name, partitions)
  }
  const records = await filled(bootstrap, name, options)
  if (records !== messages) throw new Error(`${name} was filled with ${messages} records, and has ${records}`)
  return { bootstrap, name, close: async () => {} }
}

interface EmptyOptions {
  bootstrap: string | undefined
  /** Of its own: the topic is deleted when it is closed. */
  name: string
  /** Default: 12. */
  partitions?: number
}

/** For what is written while it is measured, or never. */
export async function emptyTopic({ bootstrap, name, partitions = PARTITIONS }: EmptyOptions): Promise<BenchTopic> {
  if (bootstrap === undefined) {
    const broker = await startEmbeddedBroker({ topics: { [name]: partitions } })
    return { bootstrap: broker.bootstrapServers, name, close: () => broker.stop() }
  }
  await createTopic(bootstrap, name, partitions)
  const forget = undoneAtSignal(() => deleteTopic(bootstrap, name))
  return {
    ...{ bootstrap, name },
    close: async () => {
      forget()
      await deleteTopic(bootstrap, name)
    },
  }
}

async function deleteTopic(bootstrap: string, topic: string): Promise<void> {
  const admin = Kafka.AdminClient.create({ 'bootstrap.servers': bootstrap })
  try {
    await new Promise<void>((resolve, reject) => {
      admin.deleteTopic(topic, (error: LibrdKafkaError | undefined) => (error ? reject(error) : resolve()))
    })
  } finally {
    admin.disconnect()
  }
}

/** @returns false when it exists */
async function createTopic(bootstrap: string, topic: string, partitions: number): Promise<boolean> {
  const admin = Kafka.AdminClient.create({ 'bootstrap.servers': bootstrap })
  try {
    return await new Promise((resolve, reject) => {
      admin.createTopic(
        { topic, num_partitions: partitions, replication_factor: 1 },
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

/** A cluster may take a while to delete. */
async function createdAnew(bootstrap: string, topic: string, partitions: number): Promise<void> {
  for (const started = performance.now(); !(await createTopic(bootstrap, topic, partitions)); await delay(100)) {
    if (performance.now() - started > DELETED_MS)
      throw new Error(`${topic} is still there, ${DELETED_MS} ms after its deletion`)
  }
}

/** @returns how many records the topic has then: what a broker refuses or drops, the producer does not say */
async function filled(bootstrap: string, topic: string, options: FillOptions): Promise<number> {
  await produce(bootstrap, topic, options)
  return (await topicSize(bootstrap, topic)).records
}

function produce(bootstrapServers: string, topic: string, options: FillOptions): Promise<void> {
  const { messages, valueBytes, headers: count = 0, keys = IN_TURN } = options
  const value = Buffer.alloc(valueBytes, 'x')
  const headers = Array.from({ length: count }, (_, i) => ({ [`header-${i}`]: Buffer.alloc(16, 'h') }))
  const { partition } = keys
  const record = (i: number) => ({ key: Buffer.from(keys.of(i)), value, headers, partition })
  return fillTopic({ bootstrapServers, topic, messages, record })
}
