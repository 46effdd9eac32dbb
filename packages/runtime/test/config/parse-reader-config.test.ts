import { json } from '@zk/formats'
import { expect, test } from 'vitest'
import { parseClientConfig } from '../../src/config/parse-config.js'
import { parseReaderConfig } from '../../src/config/parse-reader-config.js'
import { consumerProperties } from '../../src/config/properties.js'

const client = parseClientConfig({ bootstrapServers: ['localhost:9092'], clientId: 'host' })
const parsed = (more: Record<string, unknown> = {}) =>
  parseReaderConfig({ topic: 'orders', groupId: 'g', ...more }, client)

test('a reader has the defaults of a work, and librdkafka is told the same', () => {
  const format = json()
  expect(parsed({ format })).toMatchObject({
    topics: ['orders'],
    groupId: 'g',
    clientId: 'host',
    format,
    autoOffsetReset: 'earliest',
    autoCommitIntervalMs: 1_000,
  })
  expect(consumerProperties(parsed({ sessionTimeoutMs: 6_000 }), client)).toMatchObject({
    global: { 'group.id': 'g', 'client.id': 'host', 'session.timeout.ms': 6_000, 'enable.auto.commit': false },
    topic: { 'auto.offset.reset': 'earliest' },
  })
})

test.each([
  [{ processor: './p.js' }, 'processor: is not a field'],
  [{ topics: ['a'] }, 'topic: is given together with topics'],
  [{ groupId: '' }, 'groupId: is ""; expected a text that is not empty'],
  [{ format: 'json' }, 'format: is "json"; expected a format, such as json()'],
])('%j is refused: %s', (given, why) => {
  expect(() => parsed(given)).toThrow(why)
  expect(() => parsed(given)).toThrow('reader configuration')
})

test('what contradicts itself in a work does so in a reader', () => {
  expect(() => parsed({ groupProtocol: 'consumer', sessionTimeoutMs: 6_000 })).toThrow('the brokers decide')
})
