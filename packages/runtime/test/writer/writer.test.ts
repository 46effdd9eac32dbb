import { type Format, FormatError } from '@zk/formats'
import { createMockCluster, type MockCluster } from '@zk/native/mock-cluster'
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { parseClientConfig } from '../../src/config/parse-config.js'
import { parseWriterConfig } from '../../src/config/parse-writer-config.js'
import { writerProperties } from '../../src/config/properties.js'
import { Writer } from '../../src/writer/writer.js'

const TOPIC = 'letters'
const [PRODUCE, NOT_ENOUGH_REPLICAS, MSG_SIZE_TOO_LARGE, TOPIC_AUTHORIZATION_FAILED] = [0, 19, 10, 29]
const logger = pino({ level: 'silent' })

let cluster: MockCluster
let writer: { close(timeoutMs: number): Promise<void> } | undefined
beforeEach(() => {
  cluster = createMockCluster()
  cluster.createTopic(TOPIC, 2)
})
afterEach(async () => {
  await writer?.close(100)
  writer = undefined
  cluster.close()
})

/** Everything of one partition, so that its offsets tell the order in which records were written. */
const IN_0 = { partition: 0 }

function open<V = Uint8Array | string>(more: Record<string, unknown> = {}): Writer<V> {
  const client = parseClientConfig({ bootstrapServers: cluster.bootstrapServers.split(',') })
  const config = parseWriterConfig({ topic: TOPIC, ...more }, client)
  const made = new Writer<V>({ config, properties: writerProperties(config, client), logger })
  writer = made
  return made
}

/** A format whose schemas come when the test says so. */
function slowFormat() {
  const asked: { answer(): void; refuse(error: Error): void }[] = []
  let isKnown = false
  const format: Format<string> = {
    name: 'slow',
    decode: (bytes) => Buffer.from(bytes).toString(),
    encode: (value) => {
      if (!isKnown) throw new FormatError('ZK_ENCODE_FAILED', 'slow', 'there is no schema yet')
      return Buffer.from(value)
    },
    prepareEncode: () => {
      if (isKnown) return undefined
      return new Promise((resolve, reject) => {
        const answer = () => {
          isKnown = true
          resolve()
        }
        asked.push({ answer, refuse: reject })
      })
    },
  }
  return { format, asked }
}

test.each(['native', 'portable'])('%s: writes that are not awaited keep their order', async (producer) => {
  const open0 = open({ producer })
  const sent = await Promise.all(Array.from({ length: 2_000 }, (_, i) => open0.writeKey('k', `${i}`, IN_0)))
  expect(sent.map(({ offset }) => offset)).toEqual(Array.from({ length: 2_000 }, (_, i) => i))
  // With the producer there, nothing waits in the writer any more.
  expect(await open0.write('next', IN_0)).toEqual({ partition: 0, offset: 2_000 })
})

describe('a format that has to fetch a schema', () => {
  test('holds up what is written behind it, and nothing overtakes', async () => {
    const { format, asked } = slowFormat()
    const writing = open<string>({ format })
    // With the producer there, too.
    await writing.writeRaw(null, 'before', IN_0)
    const first = writing.write('first', IN_0)
    const tombstone = writing.writeKey('k', null, IN_0)
    const raw = writing.writeRaw('k', 'raw', IN_0)
    expect(writing.outstanding).toBe(3)
    asked[0]!.answer()
    expect(await Promise.all([first, tombstone, raw])).toMatchObject([{ offset: 1 }, { offset: 2 }, { offset: 3 }])
    expect(asked).toHaveLength(1)
  })

  test('is waited for with no more bytes than may be outstanding', async () => {
    const { format, asked } = slowFormat()
    const writing = open<string>({ format, maxOutstandingBytes: 10_240 })
    const value = 'x'.repeat(1_000)
    const writes = Array.from({ length: 20 }, () => writing.write(value, IN_0))
    const ready = writing.ready.then(() => 'ready')
    expect(await Promise.race([ready, Promise.resolve('full')])).toBe('full')
    for (const { answer } of asked) answer()
    const settled = await Promise.allSettled(writes)
    const refused = settled.filter(({ status }) => status === 'rejected')
    expect(refused).toHaveLength(9)
    expect(refused[0]).toMatchObject({ reason: { code: 'ZK_WRITE_OVERFLOW' } })
    await ready
  })

  test('that never comes lets no write hang, and what has failed is not written when it comes after all', async () => {
    const { format, asked } = slowFormat()
    const writing = open<string>({ format, deliveryTimeoutMs: 1 })
    await expect(writing.write('late', IN_0)).rejects.toMatchObject({
      code: 'ZK_WRITE_FAILED',
      details: { mayBeWritten: false },
    })
    asked[0]!.answer()
    await writing.close()
    expect(await open<string>().write('next', IN_0)).toMatchObject({ offset: 0 })
  })

  test('fails the write with its own error, and not the next one', async () => {
    const { format, asked } = slowFormat()
    const writing = open<string>({ format })
    const down = Object.assign(new Error('the registry is down'), { retryable: true })
    const [first, second] = [writing.write('first', IN_0), writing.write('second', IN_0)]
    asked[0]!.refuse(down)
    asked[1]!.answer()
    await expect(first).rejects.toBe(down)
    expect(await second).toMatchObject({ offset: 0 })
  })
})

test('what a format cannot encode rejects with its error, and nothing is sent', async () => {
  const { format } = slowFormat()
  const { prepareEncode: _, ...unprepared } = format
  const writing = open<string>({ format: unprepared })
  await expect(writing.write('x')).rejects.toMatchObject({ code: 'ZK_ENCODE_FAILED' })
  expect(writing.outstanding).toBe(0)
})

test.each<[string, (writing: Writer<unknown>) => Promise<unknown>]>([
  ['value is an object; expected a Buffer, a text or null', (writing) => writing.write({})],
  ['key is 7; expected a Buffer, a text or null', (writing) => writing.writeKey(7 as never, 'v')],
  ['partition is 1.5; expected a whole number', (writing) => writing.write('v', { partition: 1.5 })],
  ['timestamp is -5; expected milliseconds', (writing) => writing.write('v', { timestamp: -5 })],
  ['header "h" is 1; expected', (writing) => writing.write('v', { headers: { h: 1 as never } })],
  ['options is "k"; expected an object', (writing) => writing.write('v', 'k' as never)],
])('it rejects, and throws nothing: %s', async (why, write) => {
  const error = await write(open<unknown>()).catch((one: unknown) => one)
  expect(error).toMatchObject({ code: 'ZK_WRITE_INVALID', message: expect.stringContaining(why) })
})

test.each([-1, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 31, '5' as never])(
  'a time of %s is none: nothing is given up for it, nor closed',
  async (timeoutMs) => {
    const writing = open<string>()
    const sent = writing.write('v', IN_0)
    for (const call of [writing.flush(timeoutMs), writing.close(timeoutMs)]) {
      await expect(call).rejects.toMatchObject({
        code: 'ZK_CONFIG_INVALID',
        message: expect.stringMatching(/timeoutMs/),
      })
    }
    expect(writing.isClosed).toBe(false)
    expect(await sent).toMatchObject({ partition: 0 })
  },
)

test('null options are none', async () => {
  expect(await open<string>().write('v', null as never)).toMatchObject({ offset: 0 })
})

test('bytes may be changed as soon as write has returned, also while the record waits', async () => {
  const writing = open()
  const value = Buffer.from('before')
  // The producer is not there yet.
  const sent = writing.write(value, IN_0)
  value.fill('x')
  await sent
  const { scanTopic } = await import('../../src/kafka/topic-scan.js')
  const { consumerProperties } = await import('../../src/config/properties.js')
  const { parseReaderConfig } = await import('../../src/config/parse-reader-config.js')
  const client = parseClientConfig({ bootstrapServers: cluster.bootstrapServers.split(',') })
  const properties = consumerProperties(parseReaderConfig({ topic: TOPIC, groupId: 'g' }, client), client)
  const { bootstrapServers } = client
  for await (const record of scanTopic({ topic: TOPIC, bootstrapServers, properties, reader: 'native', logger })) {
    expect(record.value!.toString()).toBe('before')
  }
})

test('a refusal that passes is tried again inside; one that stands says so', async () => {
  const writing = open({ additionalProps: { 'retry.backoff.ms': 10 } })
  await writing.write('v', IN_0)
  cluster.pushRequestErrors(PRODUCE, [NOT_ENOUGH_REPLICAS, NOT_ENOUGH_REPLICAS])
  expect(await writing.write('v', IN_0)).toMatchObject({ offset: 1 })
  cluster.pushRequestErrors(PRODUCE, [MSG_SIZE_TOO_LARGE])
  await expect(writing.write('v', IN_0)).rejects.toMatchObject({
    code: 'ZK_WRITE_FAILED',
    message:
      'A record for letters was not acknowledged: Broker: Message size too large (10). Correct the record or the topic: the same would be refused again.',
    retryable: false,
    details: { topic: TOPIC, code: MSG_SIZE_TOO_LARGE, mayBeWritten: false },
  })
  cluster.pushRequestErrors(PRODUCE, [TOPIC_AUTHORIZATION_FAILED])
  await expect(writing.write('v', IN_0)).rejects.toMatchObject({ retryable: false })
})

test.each(['native', 'portable'])(
  '%s: with brokers that do not answer each write fails within its delivery timeout',
  async (producer) => {
    cluster.setBrokerUp(1, false)
    const started = performance.now()
    const writing = open({ producer, deliveryTimeoutMs: 500 })
    const results = await Promise.allSettled([
      writing.write('a'),
      writing.writeKey('k', 'b'),
      writing.writeRaw(null, null),
    ])
    expect(results).toMatchObject(
      Array(3).fill({
        status: 'rejected',
        reason: { code: 'ZK_WRITE_FAILED', retryable: true, details: { code: -192 } },
      }),
    )
    expect(performance.now() - started).toBeLessThan(500 + 3_500)
  },
)

test('past the limit of what may be outstanding a write rejects, and ready tells when there is room again', async () => {
  const writing = open({ maxOutstandingRecords: 100 })
  const results: Promise<unknown>[] = []
  for (let i = 0; i < 150; i++) results.push(writing.write('v', IN_0).catch((error: unknown) => error))
  await writing.ready
  expect(writing.outstanding).toBeLessThanOrEqual(50)
  const answers = await Promise.all(results)
  expect(answers.slice(0, 100).map((answer) => (answer as { offset: number }).offset)).toEqual([...Array(100).keys()])
  expect(answers.slice(100)).toMatchObject(Array(50).fill({ code: 'ZK_WRITE_OVERFLOW' }))
  for (let i = 0; i < 1_000; i++) {
    await writing.ready
    void writing.write('v', IN_0)
  }
  expect(await writing.flush()).toBe(true)
})

describe('close', () => {
  test('sends what is outstanding; afterwards nothing is taken', async () => {
    const writing = open({ lingerMs: 200 })
    const sent = writing.write('v', IN_0)
    await writing.close()
    expect(await sent).toMatchObject({ offset: 0 })
    expect(writing.isClosed).toBe(true)
    await expect(writing.write('v')).rejects.toMatchObject({ code: 'ZK_WRITER_CLOSED' })
    await writing.close()
  })

  test('fails what is left when its time is up', async () => {
    const writing = open()
    await writing.write('v', IN_0)
    cluster.setBrokerUp(1, false)
    const lost = writing.write('lost', IN_0)
    const [result] = await Promise.allSettled([lost, writing.close(50)])
    expect(result).toMatchObject({ status: 'rejected', reason: { code: 'ZK_WRITE_FAILED', retryable: true } })
  })

  test('fails what waits for a schema, which is not written when that comes', async () => {
    const { format, asked } = slowFormat()
    const writing = open<string>({ format })
    const waiting = writing.write('v', IN_0).catch((error: unknown) => error)
    await writing.close(50)
    expect(await waiting).toMatchObject({ code: 'ZK_WRITER_CLOSED' })
    asked[0]!.answer()
  })

  test('of one that never wrote connects nothing', async () => {
    const writing = open({ additionalProps: { 'no.such.property': 1 } })
    await writing.close()
  })
})

test('a property that librdkafka does not know fails the first write', async () => {
  const writing = open({ additionalProps: { 'no.such.property': 1 } })
  await expect(writing.write('v')).rejects.toMatchObject({ code: 'ZK_CONFIG_UNKNOWN_PROPERTY' })
  expect(writing.outstanding).toBe(0)
})
