import { context, trace } from '@opentelemetry/api'
import { createMockCluster, type MockCluster } from '@zk/native/mock-cluster'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { type Client, createClient } from '../../src/client.js'
import type { ClientInput } from '../../src/config/client-config.js'
import { parseClientConfig, parseWorkConfig } from '../../src/config/parse-config.js'
import { consumerProperties } from '../../src/config/properties.js'
import type { WriterInput } from '../../src/config/writer-config.js'
import { chainHooks } from '../../src/hooks/chain-hooks.js'
import type { PendingWrite, WriteAck } from '../../src/hooks/hook-types.js'
import { scanTopic } from '../../src/kafka/topic-scan.js'
import type { Logger } from '../../src/log/logger.js'
import { recordingProvider } from '../tracing/spans.js'

const TOPIC = 'letters'
const [PRODUCE, TOPIC_AUTHORIZATION_FAILED] = [0, 29]

let cluster: MockCluster
let client: Client | undefined
const recorded = recordingProvider()
const lines: { level: string; fields: Record<string, unknown>; message: string }[] = []
const logger = Object.fromEntries(
  ['trace', 'debug', 'info', 'warn', 'error', 'fatal'].map((level) => [
    level,
    (fields: Record<string, unknown>, message: string) => void lines.push({ level, fields, message }),
  ]),
) as unknown as Logger

beforeAll(() => recorded.provider.register())
afterAll(() => trace.disable())
afterEach(async () => {
  await client?.close()
  cluster.close()
  lines.length = 0
})

function open(ofClient: Partial<ClientInput> = {}): Client {
  cluster = createMockCluster()
  cluster.createTopic(TOPIC, 2)
  client = createClient({ bootstrapServers: cluster.bootstrapServers.split(','), logger, ...ofClient })
  return client
}

/** The headers of all that is on the topic, in order within a partition. */
async function readBack() {
  const given = parseClientConfig({ bootstrapServers: cluster.bootstrapServers.split(',') })
  const work = parseWorkConfig({ topic: TOPIC, groupId: 'scan', processor: './p.js' }, given)
  const scan = { topic: TOPIC, bootstrapServers: given.bootstrapServers, reader: 'native' as const, logger }
  const found: Record<string, string>[] = []
  for await (const { headers } of scanTopic({ ...scan, properties: consumerProperties(work, given) }))
    found.push(Object.fromEntries(headers.map(([name, value]) => [name, String(value)])))
  return found
}

const since = (first: number) => recorded.spans().slice(first)
const seen = () => recorded.spans().length

test.each(['native', 'portable'] as const)(
  '%s: a write is a child of what its program does, and its record carries it',
  async (producer) => {
    const writer = open({ tracer: true }).writer({ topic: TOPIC, producer })
    const first = seen()
    const parent = recorded.tracer.startSpan('request')
    await context.with(trace.setSpan(context.active(), parent), () =>
      writer.writeKey('k', 'v', { headers: { traceparent: 'stale', own: 'yes' }, partition: 1 }),
    )
    parent.end()
    const [send, request] = since(first)
    expect(send).toMatchObject({ name: `send ${TOPIC}`, parentSpanId: request!.spanId, traceId: request!.traceId })
    expect(send!.attributes).toMatchObject({ 'messaging.client.id': `zk-${TOPIC}`, 'kafka.offset': 0 })
    expect(await readBack()).toEqual([{ own: 'yes', traceparent: `00-${send!.traceId}-${send!.spanId}-01` }])
  },
)

test('a writer without a propagator has spans, and writes no trace headers', async () => {
  const writer = open({ tracer: true, propagator: true }).writer({ topic: TOPIC, propagator: false })
  const first = seen()
  await writer.write('v', { headers: { own: 'yes' } })
  expect(since(first)).toHaveLength(1)
  expect(await readBack()).toEqual([{ own: 'yes' }])
})

test('a writer takes tracer, propagator and hooks from its client, or has its own', async () => {
  const own = recordingProvider()
  const kinds: string[] = []
  const hooks = { preWrite: () => ({ headers: { from: 'client' } }) }
  const made = open({ tracer: recorded.tracer, propagator: { ...header('client') }, hooks, groupPrefix: 'p' })
  const first = seen()
  await made.writer({ topic: TOPIC }).write('a', { partition: 0 })
  expect(since(first)).toHaveLength(1)
  const another: WriterInput<never> = {
    ...{ topic: TOPIC, clientId: 'another', tracer: own.tracer, propagator: header('writer') },
    hooks: { postAck: ({ kind }) => void kinds.push(kind) },
  }
  await made.writer(another).write('b', { partition: 0 })
  await made.writer({ topic: TOPIC, clientId: 'none', tracer: false, hooks: {} }).write('c', { partition: 0 })
  expect(since(first)).toHaveLength(1)
  expect(own.spans()).toHaveLength(1)
  expect(kinds).toEqual(['write'])
  expect(await readBack()).toEqual([{ propagated: 'client', from: 'client' }, { propagated: 'writer' }, {}])
})

/** A propagator that writes its name. */
function header(name: string) {
  return {
    fields: () => ['propagated'],
    inject: (_: unknown, carrier: unknown, setter: { set(carrier: unknown, key: string, value: string): void }) =>
      setter.set(carrier, 'propagated', name),
    extract: <T>(given: T) => given,
  }
}

test('a write that is refused, at once or by the brokers, fails its span', async () => {
  const writer = open({ tracer: true }).writer({ topic: TOPIC })
  const first = seen()
  await expect(writer.write({} as never)).rejects.toMatchObject({ code: 'ZK_WRITE_INVALID' })
  cluster.pushRequestErrors(PRODUCE, [TOPIC_AUTHORIZATION_FAILED])
  await expect(writer.write('v')).rejects.toMatchObject({ code: 'ZK_WRITE_FAILED' })
  await writer.close()
  await expect(writer.write('v')).rejects.toMatchObject({ code: 'ZK_WRITER_CLOSED' })
  expect(since(first).map(({ status, attributes }) => [status.code, attributes['error.type']])).toEqual([
    [2, 'ZK_WRITE_INVALID'],
    [2, 'ZK_WRITE_FAILED'],
    [2, 'ZK_WRITER_CLOSED'],
  ])
})

test.each(['native', 'portable'] as const)(
  '%s: a write calls the hooks before and after it once each',
  async (producer) => {
    const asked: PendingWrite[] = []
    const acks: WriteAck[] = []
    const writer = open().writer({
      ...{ topic: TOPIC, producer },
      hooks: {
        preWrite(write) {
          asked.push(write)
          write.key?.fill(0)
          return { headers: { abc: 'def', hello: 'world' } }
        },
        postAck: (ack) => void acks.push(ack),
      },
    })
    const began = performance.now()
    await writer.writeKey('k', 'v', { headers: { abc: 'xxx', own: 'yes' }, partition: 1 })
    expect(asked).toHaveLength(1)
    expect(asked[0]).toMatchObject({ kind: 'write', topic: TOPIC, groupId: undefined })
    expect(acks).toEqual([
      {
        kind: 'write',
        topic: TOPIC,
        partition: 1,
        offset: 0,
        error: undefined,
        durationMs: expect.any(Number),
        groupId: undefined,
      },
    ])
    expect(acks[0]!.durationMs).toBeGreaterThan(0)
    expect(acks[0]!.durationMs).toBeLessThanOrEqual(performance.now() - began)
    expect(await readBack()).toEqual([{ own: 'yes', abc: 'def', hello: 'world' }])
  },
)

test('postAck hears of a record that the brokers refuse, and why', async () => {
  const acks: WriteAck[] = []
  const writer = open().writer({ topic: TOPIC, hooks: { postAck: (ack) => void acks.push(ack) } })
  cluster.pushRequestErrors(PRODUCE, [TOPIC_AUTHORIZATION_FAILED])
  await expect(writer.write('v')).rejects.toMatchObject({ code: 'ZK_WRITE_FAILED' })
  expect(acks).toMatchObject([{ topic: TOPIC, offset: -1, error: { code: TOPIC_AUTHORIZATION_FAILED } }])
})

test('hooks of a writer that fail are logged, each of a chain is called, and the record is written', async () => {
  const fails = () => {
    throw new Error('mine')
  }
  const hooks = chainHooks(
    { preWrite: fails, postAck: () => Promise.reject(new Error('late')) },
    { preWrite: () => ({ headers: { from: 'second' } }), postAck: fails },
  )
  const writer = open().writer({ topic: TOPIC, hooks })
  expect(await writer.write('v', { partition: 0 })).toEqual({ partition: 0, offset: 0 })
  expect(await readBack()).toEqual([{ from: 'second' }])
  const failed = lines.filter(({ level }) => level === 'error')
  expect(failed.map(({ fields }) => fields.callback)).toEqual(['preWrite', 'postAck'])
})

test('the headers of a hook count as bytes on their way, and are let go of with their record', async () => {
  const hooks = { preWrite: () => ({ headers: { large: 'x'.repeat(10_000) } }) }
  const writer = open().writer({ topic: TOPIC, hooks, maxOutstandingBytes: 15_000 })
  const value = 'x'.repeat(2_000)
  for (let i = 0; i < 10; i++) await writer.write(value)
  const sent = [writer.write('a'), writer.write('b')]
  await expect(writer.write('c')).rejects.toMatchObject({ code: 'ZK_WRITE_OVERFLOW' })
  await Promise.all(sent)
})

test('a writer is another one with other hooks, and hooks of works are none of its', () => {
  const made = open()
  const hooks = { preWrite: () => {} }
  const writer = made.writer({ topic: TOPIC, hooks })
  expect(made.writer({ topic: TOPIC, hooks })).toBe(writer)
  expect(() => made.writer({ topic: TOPIC, hooks: { ...hooks } })).toThrow(/another hooks.*; make hooks once/s)
  expect(() => made.writer({ topic: TOPIC, clientId: 'x', hooks: { postRead: () => {} } as never })).toThrow(
    /hooks\.postRead: is of works; a writer has preWrite and postAck/,
  )
})

test('without hooks and tracer a writer is found to be the same', () => {
  const made = open()
  expect(made.writer({ topic: TOPIC })).toBe(made.writer({ topic: TOPIC }))
})
