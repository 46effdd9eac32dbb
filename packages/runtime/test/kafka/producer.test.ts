import { createMockCluster, type MockCluster } from '@zk/native/mock-cluster'
import Kafka from 'node-rdkafka'
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { parseClientConfig, parseWorkConfig } from '../../src/config/parse-config.js'
import { consumerProperties, producerProperties } from '../../src/config/properties.js'
import type { DeliveryError } from '../../src/kafka/delivery-error.js'
import { createProducer, type Producer, type ProducerChannel, type RecordToSend } from '../../src/kafka/producer.js'
import { type ScannedRecord, scanTopic } from '../../src/kafka/topic-scan.js'

const TOPIC = 'letters'
const [PRODUCE, INIT_PRODUCER_ID] = [0, 22]
const [NOT_ENOUGH_REPLICAS, MSG_SIZE_TOO_LARGE, CLUSTER_AUTHORIZATION_FAILED] = [19, 10, 31]
const logger = pino({ level: 'silent' })

let cluster: MockCluster
let producer: Producer | undefined
beforeEach(() => {
  cluster = createMockCluster()
  cluster.createTopic(TOPIC, 2)
})
afterEach(async () => {
  vi.restoreAllMocks()
  await producer?.close(1_000)
  producer = undefined
  cluster.close()
})

interface Answer {
  token: number
  error: DeliveryError | undefined
  partition: number
  offset: number
}

async function open(kind: 'native' | 'portable', additionalProps: Record<string, string | number> = {}) {
  const client = parseClientConfig({ bootstrapServers: cluster.bootstrapServers.split(','), additionalProps })
  const work = parseWorkConfig({ topic: 'orders', groupId: 'g', processor: './p.js' }, client)
  const properties = producerProperties(work, client)
  producer = await createProducer({ properties, client: kind, logger })
  const answers: Answer[] = []
  let heard = () => {}
  const channel: ProducerChannel = producer.channel({
    delivered: (token, error, partition, offset) => {
      answers.push({ token, error, partition, offset })
      heard()
    },
  })
  const until = async (count: number) => {
    while (answers.length < count) {
      await new Promise<void>((resolve) => {
        heard = resolve
      })
    }
  }
  return { producer, channel, answers, until, properties }
}

const record = (more: Partial<RecordToSend> = {}): RecordToSend => ({
  topic: TOPIC,
  partition: 0,
  key: null,
  value: Buffer.from('v'),
  headers: [],
  timestamp: -1,
  ...more,
})

async function readBack(): Promise<ScannedRecord[]> {
  const client = parseClientConfig({ bootstrapServers: cluster.bootstrapServers.split(',') })
  const work = parseWorkConfig({ topic: TOPIC, groupId: 'scan', processor: './p.js' }, client)
  const found: ScannedRecord[] = []
  const { bootstrapServers } = client
  const properties = consumerProperties(work, client)
  for await (const one of scanTopic({ topic: TOPIC, bootstrapServers, properties, reader: 'native', logger })) {
    found.push(one)
  }
  return found
}

describe.each(['native', 'portable'] as const)('%s', (kind) => {
  test('each record is answered once, with its token and where it is, in the order of its partition', async () => {
    const { channel, answers, until, producer } = await open(kind)
    for (let i = 0; i < 1_000; i++) channel.send(record({ partition: i % 2, value: Buffer.from(`${i}`) }), i)
    expect(answers).toEqual([])
    expect(producer.outstanding).toBe(1_000)
    await until(1_000)
    expect(producer.outstanding).toBe(0)
    expect(answers.map(({ token }) => token).sort((a, b) => a - b)).toEqual(Array.from({ length: 1_000 }, (_, i) => i))
    for (const { token, error, partition, offset } of answers) {
      expect({ error, partition, offset }).toEqual({ error: undefined, partition: token % 2, offset: token >> 1 })
    }
    const read = await readBack()
    expect(read.filter(({ partition }) => partition === 0).map(({ value }) => Number(value))).toEqual(
      Array.from({ length: 500 }, (_, i) => i * 2),
    )
  })

  test('null, empty and absent stay what they are, and the timestamp is kept', async () => {
    const { channel, until } = await open(kind)
    const empty = Buffer.alloc(0)
    channel.send(record({ key: null, value: null, timestamp: 1_000 }), 0)
    channel.send(record({ key: Buffer.from('k'), value: empty, timestamp: 1_001 }), 1)
    channel.send(
      record({
        key: empty,
        headers: [
          ['a', Buffer.from('1')],
          ['b', empty],
          ['a', Buffer.from('é')],
        ],
      }),
      2,
    )
    await until(3)
    expect(await readBack()).toMatchObject([
      { key: null, value: null, timestamp: 1_000, headers: [] },
      { key: Buffer.from('k'), value: empty, timestamp: 1_001 },
      {
        key: empty,
        headers: [
          ['a', Buffer.from('1')],
          ['b', empty],
          ['a', Buffer.from('é')],
        ],
      },
    ])
  })

  test('what cannot be sent is answered too, and later', async () => {
    const { channel, answers, until } = await open(kind, { 'message.max.bytes': 2_000 })
    channel.send(record(), 0)
    await until(1)
    channel.send(record({ value: Buffer.alloc(3_000) }), 1)
    channel.send(record({ partition: 99 }), 2)
    expect(answers).toHaveLength(1)
    await until(3)
    expect(answers.slice(1)).toMatchObject([
      { token: 1, error: { code: MSG_SIZE_TOO_LARGE, mayBeWritten: false }, offset: -1 },
      { token: 2, error: { code: -190 } },
    ])
  })

  test('with a full queue the rest waits, in order, and all of it arrives', async () => {
    const { producer, channel, answers, until } = await open(kind, { 'queue.buffering.max.messages': 10 })
    for (let i = 0; i < 200; i++) channel.send(record(), i)
    expect(producer.isFull).toBe(true)
    await until(200)
    expect(producer.isFull).toBe(false)
    expect(answers.map(({ token, offset }) => token === offset)).not.toContain(false)
  })

  test('what is sent while others wait does not pass them, though there is room again', async () => {
    const client = await open(kind, { 'queue.buffering.max.messages': 10 })
    const tokens: number[] = []
    // Heard of before what waits is handed over.
    const late = client.producer.channel({
      delivered: (token) => {
        if (tokens.push(token) === 1) client.channel.send(record(), 1_000)
      },
    })
    for (let i = 0; i < 30; i++) late.send(record(), i)
    await client.until(1)
    expect(client.answers).toMatchObject([{ token: 1_000, error: undefined, offset: 30 }])
  })

  test('closing answers what never got through, and what is sent afterwards', async () => {
    const { producer, channel, answers, until } = await open(kind)
    channel.send(record(), 0)
    await until(1)
    cluster.setBrokerUp(1, false)
    channel.send(record(), 1)
    await producer.close(50)
    channel.send(record(), 2)
    await until(3)
    expect(answers.slice(1)).toMatchObject([
      { token: 1, error: {} },
      { token: 2, error: { code: -172 } },
    ])
    expect(await producer.flush(0)).toBe(true)
  })
})

test('header values that are null, repeated or no text arrive as they were sent', async () => {
  const { channel, until } = await open('native')
  const headers = [
    ['trace', Buffer.from([0, 1, 255])],
    ['trace', null],
    ['other', Buffer.from([0xff, 0xfe])],
    ['trace', Buffer.from('three')],
  ] as const
  channel.send(record({ headers }), 0)
  await until(1)
  expect((await readBack())[0]!.headers).toEqual(headers)
})

test('the portable producer refuses header values that it would change', async () => {
  const { channel, answers, until, producer } = await open('portable')
  expect(producer.carriesAnyHeader).toBe(false)
  channel.send(record({ headers: [['h', null]] }), 0)
  channel.send(record({ headers: [['h', Buffer.from([0])]] }), 1)
  await until(2)
  expect(answers).toMatchObject([{ error: { code: -186 } }, { error: { code: -186 } }])
})

test('a refusal that passes is tried again inside, and the record is written once', async () => {
  const { channel, answers, until } = await open('native', { 'retry.backoff.ms': 10 })
  channel.send(record(), 0)
  await until(1)
  cluster.pushRequestErrors(PRODUCE, [NOT_ENOUGH_REPLICAS, NOT_ENOUGH_REPLICAS, NOT_ENOUGH_REPLICAS])
  channel.send(record(), 1)
  await until(2)
  expect(answers[1]).toMatchObject({ token: 1, error: undefined, offset: 1 })
  expect(await readBack()).toHaveLength(2)
})

test('a refusal for good says why', async () => {
  const { channel, answers, until } = await open('native')
  channel.send(record(), 0)
  await until(1)
  cluster.pushRequestErrors(PRODUCE, [MSG_SIZE_TOO_LARGE])
  channel.send(record(), 1)
  await until(2)
  expect(answers[1]!.error).toEqual({
    code: MSG_SIZE_TOO_LARGE,
    message: 'Broker: Message size too large',
    mayBeWritten: false,
  })
})

test('after a fatal error everything outstanding has failed, and another client takes the next records', async () => {
  cluster.pushRequestErrors(INIT_PRODUCER_ID, [CLUSTER_AUTHORIZATION_FAILED])
  const { producer, channel, answers, until } = await open('native')
  channel.send(record(), 0)
  channel.send(record(), 1)
  await until(2)
  expect(answers.map(({ error }) => error === undefined)).toEqual([false, false])
  while (!producer.isBroken) await until(answers.length + 1)
  // Refused at once for a second, so that a cause that stands is not met as fast as can be.
  let token = 2
  while (answers.at(-1)!.error !== undefined) {
    channel.send(record(), token++)
    await until(token)
  }
  expect(producer.isBroken).toBe(false)
  expect(await readBack()).toHaveLength(1)
})

test('where no other client can be made, each record is told so, and the next one tries again', async () => {
  cluster.pushRequestErrors(INIT_PRODUCER_ID, [CLUSTER_AUTHORIZATION_FAILED])
  const { producer, channel, answers, until, properties } = await open('native')
  channel.send(record(), 0)
  while (!producer.isBroken) await until(answers.length + 1)
  // Such as a file that is being replaced.
  properties['security.protocol'] = 'ssl'
  properties['ssl.ca.location'] = '/no/such/file'
  let token = 1
  while (!answers.at(-1)!.error!.message.includes('/no/such/file')) {
    channel.send(record(), token++)
    await until(token)
  }
  delete properties['ssl.ca.location']
  properties['security.protocol'] = 'plaintext'
  while (answers.at(-1)!.error !== undefined) {
    channel.send(record(), token++)
    await until(token)
  }
  expect(await readBack()).toHaveLength(1)
})

test('users of one producer hear of their own records only', async () => {
  const { producer, channel, answers, until } = await open('native')
  const others: number[] = []
  const other = producer.channel({ delivered: (token) => others.push(token) })
  other.send(record(), 7)
  channel.send(record(), 7)
  other.send(record(), 8)
  await until(1)
  await producer.flush(5_000)
  expect(others).toEqual([7, 8])
  expect(answers.map(({ token }) => token)).toEqual([7])
})

describe('no broker answers', () => {
  const properties = { 'bootstrap.servers': 'localhost:1', 'client.id': 'c', 'reconnect.backoff.max.ms': 100 }

  test('the native client says so, and not once for each try', async () => {
    const lines: string[] = []
    const log = pino({}, { write: (line) => void lines.push(JSON.parse(line).msg) })
    producer = await createProducer({ properties, client: 'native', logger: log })
    await producer.connect()
    await vi.waitUntil(() => lines.some((line) => line.endsWith('brokers are down')), { timeout: 5_000 })
    await new Promise((resolve) => setTimeout(resolve, 1_500))
    expect(lines.filter((line) => line.endsWith('brokers are down'))).toHaveLength(1)
  })

  test('the portable client may be closed while it still tries', async () => {
    const { connect } = Kafka.Producer.prototype
    const thrown: unknown[] = []
    let given: () => void
    const givenUp = new Promise<void>((resolve) => {
      given = resolve
    })
    vi.spyOn(Kafka.Producer.prototype, 'connect').mockImplementation(function (this: Kafka.Producer, _, done) {
      return connect.call(this, { timeout: 500 }, (...answer) => {
        try {
          done?.(...answer)
        } catch (error) {
          thrown.push(error)
        }
        given()
      })
    })
    producer = await createProducer({ properties, client: 'portable', logger })
    await producer.connect()
    await producer.close(0)
    await givenUp
    expect(thrown).toEqual([])
  })
})
