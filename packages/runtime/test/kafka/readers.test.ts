import Kafka, { type KafkaConsumer, type LibrdKafkaError, type TopicPartition } from 'node-rdkafka'
import { pino } from 'pino'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type EmbeddedBroker, startEmbeddedBroker } from '../../src/kafka/embedded-broker.js'
import { fillTopic } from '../../src/kafka/fill-topic.js'
import { loadNative, openReader } from '../../src/kafka/open-reader.js'
import type { PackedBatch } from '../../src/kafka/packed-batch.js'
import type { Reader } from '../../src/kafka/reader.js'

const TOPIC = 'fuzz'
const SMALL_TOPIC = 'small'
const PARTITIONS = 3
const MESSAGES = 10_000
/** One in each partition. */
const LARGE_BYTES = 1024 * 1024
const SMALL_MESSAGES = 40_000

let broker: EmbeddedBroker
beforeAll(async () => {
  broker = await startEmbeddedBroker({ topics: { [TOPIC]: PARTITIONS, [SMALL_TOPIC]: PARTITIONS } })
  await produceFuzz()
})
afterAll(() => broker.stop())

test('both readers pack the same bytes into the same columns: null, empty, 1 MiB, repeated headers', async () => {
  const native = await readFuzz('native')
  expect(native.length).toBe(MESSAGES)
  expect(native.filter(({ value }) => value?.length === LARGE_BYTES)).toHaveLength(PARTITIONS)
  expect(await readFuzz('portable')).toEqual(native)
})

test('with small records and a backlog, a read soon brings a thousand at once', async () => {
  const { bootstrapServers } = broker
  const value = Buffer.alloc(200)
  const record = (i: number) => ({ key: Buffer.from(`k${i % 1_000}`), value })
  await fillTopic({ bootstrapServers, topic: SMALL_TOPIC, messages: SMALL_MESSAGES, record })
  const lengths: number[] = []
  await readAll('native', SMALL_TOPIC, SMALL_MESSAGES, 8_192, (batch) => lengths.push(batch.length))
  expect(Math.max(...lengths)).toBeGreaterThan(1_000)
})

/** Null, empty, filled and large keys and values, and some headers, the same in each run. */
async function produceFuzz(): Promise<void> {
  const producer = new Kafka.Producer({
    'bootstrap.servers': broker.bootstrapServers,
    'message.max.bytes': 2 * LARGE_BYTES,
  } as never)
  await new Promise<void>((resolve, reject) => producer.connect({}, (error) => (error ? reject(error) : resolve())))
  const bytes = (i: number, salt: number) => {
    const length = (i * salt) % 97
    if (length % 7 === 0) return null
    return Buffer.from(Array.from({ length: length % 5 === 0 ? 0 : length }, (_, at) => (i * at * salt) & 0xff))
  }
  for (let i = 0; i < MESSAGES; i++) {
    const headers = i % 3 === 0 ? [{ first: Buffer.from([i & 0xff]) }, { 'é-☃': '' }, { first: 'again' }] : []
    const isLarge = i >= MESSAGES / 2 && i < MESSAGES / 2 + PARTITIONS
    const value = isLarge ? Buffer.alloc(LARGE_BYTES, `${i}`) : bytes(i, 31)
    producer.produce(TOPIC, i % PARTITIONS, value, bytes(i, 17), 1e12 + i, undefined, headers)
  }
  await new Promise<void>((resolve, reject) => {
    producer.flush(10_000, (error: LibrdKafkaError | null) => (error ? reject(error) : resolve()))
  })
  await new Promise<void>((resolve) => producer.disconnect(() => resolve()))
}

interface Row {
  at: string
  timestamp: number
  flags: number
  keyHash: number
  key: Buffer | null
  value: Buffer | null
  headers: Buffer
}

async function readFuzz(kind: 'native' | 'portable'): Promise<Row[]> {
  const rows: Row[] = []
  await readAll(kind, TOPIC, MESSAGES, 500, (batch) => rows.push(...rowsOf(batch)))
  return rows.sort((a, b) => (a.at < b.at ? -1 : 1))
}

/** @param most records of one read */
async function readAll(
  kind: 'native' | 'portable',
  topic: string,
  messages: number,
  most: number,
  onBatch: (batch: PackedBatch) => void,
): Promise<void> {
  let reader: Reader
  const consumer: KafkaConsumer = new Kafka.KafkaConsumer(
    {
      'bootstrap.servers': broker.bootstrapServers,
      'group.id': `${kind}-${topic}`,
      'enable.partition.eof': true,
      rebalance_cb: (event: LibrdKafkaError, partitions: TopicPartition[]) => {
        if (event.code !== Kafka.CODES.ERRORS.ERR__ASSIGN_PARTITIONS) return consumer.unassign()
        for (const partition of partitions) reader.attach(partition.partition, partition)
        return consumer.assign(partitions)
      },
    } as never,
    { 'auto.offset.reset': 'earliest' },
  )
  await new Promise<void>((resolve, reject) => consumer.connect({}, (error) => (error ? reject(error) : resolve())))
  let got = 0
  const all = new Promise<void>((resolve) => {
    const onReady = () => {
      const { batch } = reader.take() ?? {}
      if (batch === undefined) return
      got += batch.length
      onBatch(batch)
      batch.release()
      if (got < messages) reader.request(most, 1_000_000)
      else resolve()
    }
    void loadNative(kind, pino({ level: 'silent' })).then((native) => {
      reader = openReader(consumer, native, 2, onReady)
      reader.request(most, 1_000_000)
      consumer.subscribe([topic])
    })
  })
  await all
  await reader!.close()
  await new Promise<void>((resolve) => consumer.disconnect(() => resolve()))
}

function rowsOf(batch: PackedBatch): Row[] {
  return Array.from({ length: batch.length }, (_, i) => {
    let from = batch.positions[i]!
    const next = (length: number) => {
      from += Math.max(0, length)
      return length < 0 ? null : Buffer.from(batch.bytes.slice(from - length, from))
    }
    return {
      at: `${batch.slots[i]}/${String(batch.offsets[i]).padStart(6, '0')}`,
      timestamp: batch.timestamps[i]!,
      flags: batch.flags[i]!,
      keyHash: batch.keyHashes[i]!,
      key: next(batch.keyLengths[i]!),
      value: next(batch.valueLengths[i]!),
      headers: next(batch.headersLengths[i]!)!,
    }
  })
}
