/** Dead letters on a real Kafka that refuses them: what is there afterwards is read by kafkajs. */
import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import {
  createProducer,
  type DeadLetter,
  type DeadLetters,
  type OpenDeadLetters,
  openDeadLetters,
  type Producer,
  parseClientConfig,
  parseWorkConfig,
  producerProperties,
} from '@zk/runtime/internal/dead-letters'
import { type Admin, Kafka, type KafkaMessage, logLevel } from 'kafkajs'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { recordingLogger } from './recording-logger.js'
import { setRefusing } from './refusals.js'
import { eventually } from './waiting.js'

const bootstrapServers = process.env.KAFKA_BOOTSTRAP!
const brokers = bootstrapServers.split(',')
const kafka = new Kafka({ brokers, logLevel: logLevel.NOTHING })

let admin: Admin
let producer: Producer | undefined
let letters: DeadLetters | undefined
beforeAll(async () => {
  admin = kafka.admin()
  await admin.connect()
})
afterEach(async () => {
  await letters?.close(0)
  await producer?.close(1_000)
  letters = undefined
  producer = undefined
})
afterAll(() => admin.disconnect())

async function newTopic(config: Record<string, string> = {}, numPartitions = 1): Promise<string> {
  const topic = `dlt-${randomUUID()}`
  const configEntries = Object.entries(config).map(([name, value]) => ({ name, value }))
  await admin.createTopics({
    topics: [{ topic, numPartitions, replicationFactor: 1, configEntries }],
    waitForLeaders: true,
  })
  return topic
}

async function open(topic: string, more: object = {}, props: Record<string, number> = {}) {
  const client = parseClientConfig({ bootstrapServers: brokers })
  const config = parseWorkConfig(
    {
      ...{ topic: 'orders', groupId: 'billing', processor: './p.js', speedup: 1 },
      ...{ deadLetterTopic: { topic, ...more }, additionalProps: props },
    },
    client,
  ) as OpenDeadLetters['config']
  const logger = recordingLogger(() => {})
  producer = await createProducer({ properties: producerProperties(config, client), client: 'native', logger })
  const failures: Error[] = []
  letters = await openDeadLetters({ config, client, producer, logger, failed: (error) => failures.push(error) })
  return { letters, failures }
}

const letter = (offset: number, partition = 0, more: Partial<DeadLetter['record']> = {}): DeadLetter => ({
  ...{ topic: 'orders', partition, offset, attempts: 1, cause: 'error', failedAt: Date.now() },
  error: { name: 'Error', message: 'boom', stack: 'Error: boom' },
  record: {
    ...{ key: Buffer.from(`k${offset}`), value: Buffer.from(`v${offset}`), headers: [] },
    ...{ timestamp: 1_700_000_000_000 + offset, timestampType: 1, ...more },
  },
})

function write(to: DeadLetters, one: DeadLetter): Promise<boolean> {
  return new Promise((done) => to.write(one, { isWanted: () => true, done }))
}

/** All of it, by another implementation of Kafka. */
async function read(topic: string, count: number): Promise<KafkaMessage[]> {
  const consumer = kafka.consumer({ groupId: `read-${randomUUID()}` })
  await consumer.connect()
  await consumer.subscribe({ topic, fromBeginning: true })
  const found: KafkaMessage[] = []
  await consumer.run({
    eachMessage: async ({ message }) => {
      found.push(message)
    },
  })
  await eventually(() => found.length >= count)
  // A duplicate would be there by now: the ends of the partitions are known.
  const ends = await admin.fetchTopicOffsets(topic)
  const high = ends.reduce((sum, one) => sum + Number(one.high), 0)
  await eventually(() => found.length === high)
  await consumer.disconnect()
  return found
}

const originOffset = ({ headers }: KafkaMessage) => Number(String(headers!['__dlq.errors.offset']))
const originPartition = ({ headers }: KafkaMessage) => Number(String(headers!['__dlq.errors.partition']))

test('key, value, headers and timestamp are there as they were, null, empty, repeated or binary', async () => {
  const topic = await newTopic()
  const { letters } = await open(topic)
  const headers = [
    ['a', null],
    ['a', Buffer.from([0, 255])],
    ['b', Buffer.alloc(0)],
  ] as const
  await write(letters, letter(1, 0, { key: null, value: null, headers }))
  await write(letters, letter(2, 0, { key: Buffer.alloc(0), value: Buffer.alloc(0) }))
  const [first, second] = await read(topic, 2)
  expect(first).toMatchObject({ key: null, value: null, timestamp: '1700000000001' })
  expect(first!.headers!.a).toEqual([null, Buffer.from([0, 255])])
  expect(first!.headers!.b).toEqual(Buffer.alloc(0))
  // Not by toMatchObject, which takes null for an empty Buffer.
  expect([second!.key, second!.value]).toEqual([Buffer.alloc(0), Buffer.alloc(0)])
})

test('refused for six seconds: nothing is acknowledged, and then all are there once, in order', async () => {
  const topic = await newTopic({}, 2)
  const { letters } = await open(topic)
  // One key, so that all of them share a partition.
  const of = (offset: number, partition = 0) => letter(offset, partition, { key: Buffer.from('same') })
  await write(letters, of(0))
  await setRefusing(bootstrapServers, topic, true)
  const written: number[] = []
  const all = [1, 2, 3].flatMap((i) =>
    [0, 1].map((partition) => write(letters, of(i, partition)).then(() => written.push(i))),
  )
  await delay(6_000)
  expect(written).toEqual([])
  expect(letters.health()).toMatchObject({ waiting: 6, written: 1, reason: 'Broker: Invalid timestamp' })
  expect(letters.health().oldestMs).toBeGreaterThan(5_000)
  expect(letters.health().refusingMs).toBeGreaterThan(5_000)
  const mended = performance.now()
  await setRefusing(bootstrapServers, topic, false)
  await Promise.all(all)
  console.log(`written ${Math.round(performance.now() - mended)} ms after the topic was mended`, letters.health())
  const found = (await read(topic, 7)).filter(({ headers }) => headers!['__dlq.errors.offset'] !== undefined)
  expect(found).toHaveLength(7)
  for (const partition of [0, 1]) {
    const offsets = found.filter((one) => originPartition(one) === partition).map(originOffset)
    expect(offsets).toEqual(partition === 0 ? [0, 1, 2, 3] : [1, 2, 3])
  }
  expect(letters.health()).toMatchObject({ waiting: 0, written: 7, refused: expect.any(Number), reason: undefined })
})

describe('a record that is too large for the topic', () => {
  test('is there without its value, which its header says; others of its group with theirs', async () => {
    const topic = await newTopic({ 'max.message.bytes': '20000' })
    const { letters } = await open(topic)
    const large = letter(3, 0, { value: Buffer.alloc(50_000) })
    const others = [0, 1, 2, 4, 5].map((offset) => letter(offset, 0, { value: Buffer.alloc(9_000) }))
    await Promise.all([...others.slice(0, 3), large, ...others.slice(3)].map((one) => write(letters, one)))
    const found = await read(topic, 6)
    expect(found).toHaveLength(6)
    for (const one of found) {
      const isLarge = originOffset(one) === 3
      expect(one.value?.length).toBe(isLarge ? undefined : 9_000)
      expect(one.headers!['zk.dlt.value.dropped']?.toString()).toBe(isLarge ? '50000' : undefined)
    }
  })

  test("with oversized 'stop' ends the work, and is not there", async () => {
    const topic = await newTopic({ 'max.message.bytes': '20000' })
    const { letters, failures } = await open(topic, { oversized: 'stop' })
    let answered = false
    void write(letters, letter(1, 0, { value: Buffer.alloc(50_000) })).then(() => {
      answered = true
    })
    await eventually(() => failures.length > 0)
    expect(failures).toMatchObject([{ code: 'ZK_DEAD_LETTER_TOO_LARGE', exitCode: 4 }])
    expect(answered).toBe(false)
    const high = (await admin.fetchTopicOffsets(topic))[0]!.high
    expect(high).toBe('0')
  })

  test('is found out without a word to librdkafka when its topic takes ten megabytes', async () => {
    const topic = await newTopic({ 'max.message.bytes': '10000000' })
    const { letters } = await open(topic)
    await write(letters, letter(1, 0, { value: Buffer.alloc(5_000_000) }))
    expect((await read(topic, 1))[0]!.value).toHaveLength(5_000_000)
  })
})

test('a topic that is not there is an error before anything is consumed', async () => {
  await expect(open(`nowhere-${randomUUID()}`)).rejects.toMatchObject({ code: 'ZK_DEAD_LETTER_TOPIC' })
})

test('a topic that is deleted and made again: what was waiting is there afterwards', async () => {
  const topic = await newTopic()
  const { letters } = await open(topic, {}, { 'delivery.timeout.ms': 3_000 })
  await write(letters, letter(0))
  await admin.deleteTopics({ topics: [topic] })
  await eventually(async () => !(await admin.listTopics()).includes(topic))
  const all = [1, 2, 3].map((offset) => write(letters, letter(offset)))
  await eventually(() => letters.health().refused > 0)
  await admin.createTopics({ topics: [{ topic, numPartitions: 1, replicationFactor: 1 }], waitForLeaders: true })
  await Promise.all(all)
  expect((await read(topic, 3)).map(originOffset)).toEqual([1, 2, 3])
})

test('ten thousand of twelve partitions: each once, in order, and how fast', async () => {
  const topic = await newTopic()
  const { letters } = await open(topic)
  const began = performance.now()
  await Promise.all(Array.from({ length: 10_000 }, (_, i) => write(letters, letter(i, i % 12))))
  console.log(`10,000 letters in ${Math.round(performance.now() - began)} ms`)
  const found = await read(topic, 10_000)
  expect(found).toHaveLength(10_000)
  for (let partition = 0; partition < 12; partition++) {
    const offsets = found.filter((one) => originPartition(one) === partition).map(originOffset)
    expect(offsets).toEqual([...offsets].sort((a, b) => a - b))
  }
})
