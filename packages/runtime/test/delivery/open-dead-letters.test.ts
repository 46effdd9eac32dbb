/** On librdkafka's mock brokers, which refuse as they are told. */
import { createMockCluster, type MockCluster } from '@zk/native/mock-cluster'
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { parseClientConfig, parseWorkConfig } from '../../src/config/parse-config.js'
import { consumerProperties, producerProperties } from '../../src/config/properties.js'
import type { DeadLetter } from '../../src/delivery/dead-letter.js'
import type { DeadLetters } from '../../src/delivery/dead-letters.js'
import { type OpenDeadLetters, openDeadLetters } from '../../src/delivery/open-dead-letters.js'
import { parseDeadLetter } from '../../src/delivery/parse-dead-letter.js'
import { createProducer, type Producer } from '../../src/kafka/producer.js'
import { type ScannedRecord, scanTopic } from '../../src/kafka/topic-scan.js'
import type { ZkError } from '../../src/zk-error.js'
import { copied, letter } from './letters.js'

const TOPIC = 'orders.dlt'
const [PRODUCE, INIT_PRODUCER_ID] = [0, 22]
const [NOT_ENOUGH_REPLICAS, TOPIC_AUTHORIZATION_FAILED, MSG_SIZE_TOO_LARGE, CLUSTER_AUTHORIZATION_FAILED] = [
  19, 29, 10, 31,
]
const logger = pino({ level: 'silent' })

let cluster: MockCluster
let producer: Producer | undefined
let letters: DeadLetters | undefined
beforeEach(() => {
  cluster = createMockCluster()
  cluster.createTopic(TOPIC, 1)
})
afterEach(async () => {
  await letters?.close(0)
  await producer?.close(1_000)
  letters = undefined
  producer = undefined
  cluster.close()
})

const failures: ZkError[] = []

async function open(more: object = {}, kind: 'native' | 'portable' = 'native', props: Record<string, number> = {}) {
  const client = parseClientConfig({ bootstrapServers: cluster.bootstrapServers.split(',') })
  const config = parseWorkConfig(
    {
      ...{ topic: 'orders', groupId: 'billing', processor: './p.js' },
      deadLetterTopic: { topic: TOPIC, ...more },
      additionalProps: { 'retry.backoff.ms': 10, 'linger.ms': 0, ...props },
    },
    client,
  ) as OpenDeadLetters['config']
  producer = await createProducer({ properties: producerProperties(config, client), client: kind, logger })
  failures.length = 0
  letters = await openDeadLetters({ config, client, producer, logger, failed: (error) => failures.push(error) })
  return letters
}

function write(to: DeadLetters, one: DeadLetter): Promise<boolean> {
  return new Promise((done) => to.write(one, { isWanted: () => true, done }))
}

async function readBack(): Promise<ScannedRecord[]> {
  const client = parseClientConfig({ bootstrapServers: cluster.bootstrapServers.split(',') })
  const work = parseWorkConfig({ topic: TOPIC, groupId: 'scan', processor: './p.js' }, client)
  const { bootstrapServers } = client
  const found: ScannedRecord[] = []
  const properties = consumerProperties(work, client)
  for await (const one of scanTopic({ topic: TOPIC, bootstrapServers, properties, reader: 'native', logger })) {
    found.push(one)
  }
  return found
}

const offsetsOf = (records: readonly ScannedRecord[]) =>
  records.map(({ headers }) => parseDeadLetter(headers)!.origin!.offset)

test('a dead letter is the record as it was, and where and why', async () => {
  const headers = [
    ['trace', null],
    ['trace', Buffer.from([0, 1])],
    ['a', Buffer.from('b')],
  ] as const
  const record = copied({ key: null, value: null, headers, timestamp: 1_234 })
  expect(await write(await open(), letter({ record }))).toBe(true)
  const [found] = await readBack()
  expect(found).toMatchObject({ key: null, value: null, timestamp: 1_234 })
  expect(found!.headers.slice(0, 3)).toEqual(headers)
  expect(parseDeadLetter(found!.headers)).toMatchObject({
    origin: { topic: 'orders', partition: 3, offset: 42 },
    cause: 'error',
    group: 'billing',
  })
})

test('a thousand of each of three partitions are there once, in order', async () => {
  const to = await open()
  await Promise.all(Array.from({ length: 3_000 }, (_, offset) => write(to, letter({ partition: offset % 3, offset }))))
  const found = await readBack()
  expect(found).toHaveLength(3_000)
  for (const partition of [0, 1, 2]) {
    const ofOne = found.filter(({ headers }) => parseDeadLetter(headers)!.origin!.partition === partition)
    expect(offsetsOf(ofOne)).toEqual(Array.from({ length: 1_000 }, (_, i) => i * 3 + partition))
  }
})

test('refused for what passes, it is written once, in order, as soon as it is taken', async () => {
  const to = await open()
  await write(to, letter({ offset: 1 }))
  cluster.pushRequestErrors(PRODUCE, Array(3).fill(NOT_ENOUGH_REPLICAS))
  await Promise.all([2, 3, 4, 5].map((offset) => write(to, letter({ offset }))))
  expect(offsetsOf(await readBack())).toEqual([1, 2, 3, 4, 5])
})

test('refused for what somebody has to mend, it is tried until that is done', async () => {
  const to = await open()
  cluster.pushRequestErrors(PRODUCE, Array(3).fill(TOPIC_AUTHORIZATION_FAILED))
  expect(await Promise.all([1, 2, 3].map((offset) => write(to, letter({ offset }))))).toEqual([true, true, true])
  expect(offsetsOf(await readBack())).toEqual([1, 2, 3])
  expect(to.health().refused).toBeGreaterThanOrEqual(3)
  expect(to.health()).toMatchObject({ written: 3, waiting: 0, reason: undefined })
})

test('a broker that is gone is waited for, and says since when', async () => {
  // librdkafka gives up soon, so that the second line of tries is used too.
  const to = await open({}, 'native', { 'delivery.timeout.ms': 300, 'reconnect.backoff.max.ms': 200 })
  await write(to, letter({ offset: 1 }))
  cluster.setBrokerUp(1, false)
  const written = write(to, letter({ offset: 2 }))
  // The first one may have been refused as well, before the producer had its id.
  const { refused } = to.health()
  while (to.health().refused < refused + 2) await new Promise((resolve) => setImmediate(resolve))
  expect(to.health()).toMatchObject({ waiting: 1, reason: expect.stringContaining('timed out') })
  expect(to.health().refusingMs).toBeGreaterThan(0)
  cluster.setBrokerUp(1, true)
  expect(await written).toBe(true)
  expect(offsetsOf(await readBack())).toEqual([1, 2])
})

test('a producer that failed for good is replaced, and the letter written', async () => {
  cluster.pushRequestErrors(INIT_PRODUCER_ID, [CLUSTER_AUTHORIZATION_FAILED])
  const to = await open()
  expect(await write(to, letter({ offset: 1 }))).toBe(true)
  expect(offsetsOf(await readBack())).toEqual([1])
  expect(to.health().refused).toBeGreaterThan(0)
})

test('too large, it is there without its value, which its headers say', async () => {
  const to = await open({}, 'native', { 'message.max.bytes': 2_000 })
  expect(await write(to, letter({ record: copied({ value: Buffer.alloc(5_000) }) }))).toBe(true)
  const [found] = await readBack()
  expect(found!.value).toBeNull()
  expect(parseDeadLetter(found!.headers)).toMatchObject({ valueDropped: 5_000, headersDropped: undefined })
})

test('refused for the size of its batch, it is there with its value', async () => {
  const to = await open()
  cluster.pushRequestErrors(PRODUCE, [MSG_SIZE_TOO_LARGE])
  expect(await write(to, letter())).toBe(true)
  const [found] = await readBack()
  expect(found!.value).toEqual(Buffer.from('v'))
})

test("oversized 'stop': the work ends, and nothing was written", async () => {
  const to = await open({ oversized: 'stop' }, 'native', { 'message.max.bytes': 2_000 })
  let written: boolean | undefined
  void write(to, letter({ record: copied({ value: Buffer.alloc(5_000) }) })).then((one) => {
    written = one
  })
  while (failures.length === 0) await new Promise((resolve) => setImmediate(resolve))
  expect(failures).toMatchObject([{ code: 'ZK_DEAD_LETTER_TOO_LARGE' }])
  expect(written).toBeUndefined()
  await to.close(0)
  expect(written).toBe(false)
})

describe('at the start', () => {
  test('a topic that the brokers create by themselves is created', async () => {
    expect(await write(await open({ topic: 'made' }), letter())).toBe(true)
  })

  test('the spring style needs the addon', async () => {
    await expect(open({ headerStyle: 'spring' }, 'portable')).rejects.toMatchObject({
      code: 'ZK_DEAD_LETTER_TOPIC',
      message: expect.stringContaining('@zk/native'),
    })
  })
})

test('without the addon too', async () => {
  const to = await open({}, 'portable')
  expect(await write(to, letter({ record: copied({ headers: [['a', Buffer.from('b')]] }) }))).toBe(true)
  expect((await readBack())[0]!.headers[0]).toEqual(['a', Buffer.from('b')])
})

test('without the addon a record whose headers or error it cannot write holds nobody up, and says what is missing', async () => {
  const to = await open({}, 'portable')
  const headers = [
    ['trace', null],
    ['trace', Buffer.from([0, 1])],
    ['bytes', Buffer.from([255])],
    ['a', Buffer.from('b')],
  ] as const
  const error = {
    name: 'SyntaxError',
    message: 'Unexpected token \0',
    stack: 'SyntaxError: \0\n    at parse (p.ts:1:1)',
  }
  const written = [letter({ offset: 1, error, record: copied({ headers }) }), letter({ offset: 2 })]
  expect(await Promise.all(written.map((one) => write(to, one)))).toEqual([true, true])
  const [first, second] = await readBack()
  expect(first!.value).toEqual(Buffer.from('v'))
  expect(first!.headers[0]).toEqual(['a', Buffer.from('b')])
  expect(parseDeadLetter(first!.headers)).toMatchObject({
    headersDropped: 3,
    valueDropped: undefined,
    message: 'Unexpected token \u2400',
  })
  expect(parseDeadLetter(second!.headers)).toMatchObject({ headersDropped: undefined })
  expect(to.health().refused).toBe(0)
})
