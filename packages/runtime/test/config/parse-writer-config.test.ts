import { json } from '@zk/formats'
import { describe, expect, test } from 'vitest'
import { parseClientConfig } from '../../src/config/parse-config.js'
import { parseWriterConfig } from '../../src/config/parse-writer-config.js'
import { type Properties, writerProperties } from '../../src/config/properties.js'
import { failure } from './failure.js'

const bootstrapServers = ['localhost:9092']

const parsed = (writer: Record<string, unknown> = {}, client: Record<string, unknown> = {}) =>
  parseWriterConfig({ topic: 'orders', ...writer }, parseClientConfig({ bootstrapServers, ...client }))

function properties(writer: Record<string, unknown> = {}, client: Record<string, unknown> = {}): Properties {
  return writerProperties(parsed(writer, client), parseClientConfig({ bootstrapServers, ...client }))
}

test("the defaults are zkafka's", () => {
  expect(properties()).toEqual({
    'bootstrap.servers': 'localhost:9092',
    'client.id': 'zk-orders',
    'delivery.timeout.ms': 300_000,
    'request.required.acks': '-1',
    'enable.idempotence': true,
    'linger.ms': 0,
    'socket.nagle.disable': true,
    partitioner: 'consistent_random',
    'message.max.bytes': 100_000_000,
    'queue.buffering.max.messages': 100_000,
    'queue.buffering.max.kbytes': 364_544,
    'topic.metadata.propagation.max.ms': 10_000,
  })
})

test.each([
  [{ deliveryTimeoutMs: 100 }, { 'delivery.timeout.ms': 100 }],
  [{ lingerMs: 5 }, { 'linger.ms': 5 }],
  [{ nagleDisable: false }, { 'socket.nagle.disable': false }],
  [{ partitioner: 'murmur2_random' }, { partitioner: 'murmur2_random' }],
  [{ clientId: 'billing' }, { 'client.id': 'billing-orders' }],
  [{ bootstrapServers: ['other:1'] }, { 'bootstrap.servers': 'other:1' }],
  [{ additionalProps: { 'compression.type': 'zstd' } }, { 'compression.type': 'zstd' }],
  [{ transaction: true }, { 'max.in.flight.requests.per.connection': 1, 'request.required.acks': '-1' }],
  [
    { requestRequiredAcks: '1', enableIdempotence: false },
    { 'request.required.acks': '1', 'enable.idempotence': false },
  ],
])('%j says %j', (given, said) => {
  expect(properties(given)).toMatchObject(said)
})

describe("the client's additionalProps", () => {
  const client = { additionalProps: { 'linger.ms': '20', 'security.protocol': 'ssl', 'fetch.min.bytes': 1 } }

  test('stand for the fields that are not given, and without those of consumers', () => {
    expect(properties({}, client)).toMatchObject({ 'linger.ms': 20, 'security.protocol': 'ssl' })
    expect(properties({}, client)).not.toHaveProperty(['fetch.min.bytes'])
  })

  test('give way to the fields and to the additionalProps of the writer', () => {
    const additionalProps = { 'security.protocol': 'plaintext' }
    expect(properties({ lingerMs: 0, additionalProps }, client)).toMatchObject({
      'linger.ms': 0,
      'security.protocol': 'plaintext',
    })
  })

  test('must be what the field takes', () => {
    const error = failure(() => parsed({}, { additionalProps: { partitioner: 'murmur3' } }))
    expect(error.message).toContain(
      `the client's additionalProps.partitioner: is "murmur3"; expected 'consistent_random'`,
    )
  })
})

test.each([
  [{}, { requestRequiredAcks: '1' }],
  [{}, { requestRequiredAcks: '0' }],
  [{ enableIdempotence: false }, { transaction: true }],
  [{ requestRequiredAcks: '1', enableIdempotence: false }, { transaction: true }],
])('%j and %j contradict each other', (one, other) => {
  expect(() => parsed(one)).not.toThrow()
  expect(failure(() => parsed({ ...one, ...other })).code).toBe('ZK_CONFIG_CONFLICT')
})

test.each([
  ['acks', 'use the field requestRequiredAcks'],
  ['linger.ms', 'use the field lingerMs'],
  ['partitioner', 'use the field partitioner'],
  ['transactional.id', 'no transactions'],
  ['dr_cb', 'listens there itself'],
])('the property %s is refused: %s', (name, why) => {
  const error = failure(() => parsed({ additionalProps: { [name]: 'x' } }))
  expect(error).toMatchObject({ code: 'ZK_CONFIG_OWNED_PROPERTY', message: expect.stringContaining(why) })
})

test.each([
  [{ topic: '^orders' }, 'topic: is a pattern'],
  [{ topic: undefined }, 'topic: is missing'],
  [{ format: {} }, 'format: is an object; expected a format, such as json()'],
  [{ logger: console.log }, 'logger: is a function; expected a logger, such as pino'],
  [{ lingerMillis: 5 }, 'lingerMillis: is not a field'],
  [{ requestRequiredAcks: 1 }, "requestRequiredAcks: is 1; expected 'all', '-1', '1' or '0'"],
])('%j is refused: %s', (given, why) => {
  const error = failure(() => parsed(given))
  expect(error).toMatchObject({ code: 'ZK_CONFIG_INVALID', message: expect.stringContaining(why) })
})

test('a format is kept as it is', () => {
  const format = json()
  expect(parsed({ format }).format).toBe(format)
})

test('a record must be sent before it is given up', () => {
  expect(failure(() => parsed({ lingerMs: 500, deliveryTimeoutMs: 500 }))).toMatchObject({
    code: 'ZK_CONFIG_CONFLICT',
    message: expect.stringContaining('lingerMs (500 ms)'),
  })
  expect(parsed({ lingerMs: 499, deliveryTimeoutMs: 500 }).lingerMs).toBe(499)
})
