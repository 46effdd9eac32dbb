import Kafka from 'node-rdkafka'
import { describe, expect, test } from 'vitest'
import { isSecret } from '../../src/config/is-secret.js'
import { parseClientConfig, parseWorkConfig } from '../../src/config/parse-config.js'
import { type ConsumerProperties, consumerProperties, producerProperties } from '../../src/config/properties.js'

const minimal = { topic: 'orders', groupId: 'billing', processor: './p.js' }

function properties(work: Record<string, unknown> = {}, client: Record<string, unknown> = {}): ConsumerProperties {
  const clientConfig = parseClientConfig({ bootstrapServers: ['127.0.0.1:1', '[::1]:1'], ...client })
  return consumerProperties(parseWorkConfig({ ...minimal, ...work }, clientConfig), clientConfig)
}

/** What librdkafka says of the properties: they are judged when the client is made. */
function refusal({ global, topic }: ConsumerProperties): Promise<string | undefined> {
  return new Promise((resolve) => {
    const consumer = new Kafka.KafkaConsumer(global, topic)
    consumer.on('event.error', () => {})
    consumer.connect({ timeout: 50 }, (error) => {
      // Nobody listens on port 1: whoever gets as far as to find that out has valid properties.
      const isConfig = /`|propert|configuration/i.test(error.message)
      consumer.disconnect(() => resolve(isConfig ? error.message : undefined))
      if (isConfig) resolve(error.message)
    })
  })
}

test('the defaults', () => {
  expect(properties()).toEqual({
    global: {
      'bootstrap.servers': '127.0.0.1:1,[::1]:1',
      'client.id': 'billing',
      'group.id': 'billing',
      'group.protocol': 'classic',
      'partition.assignment.strategy': 'cooperative-sticky',
      'session.timeout.ms': 45_000,
      'heartbeat.interval.ms': 1_000,
      'max.poll.interval.ms': 300_000,
      'queued.max.messages.kbytes': 8_192,
      'queued.min.messages': 50_000,
      'fetch.max.bytes': 2 * 1024 * 1024,
      'fetch.queue.backoff.ms': 10,
      'fetch.wait.max.ms': 50,
      'isolation.level': 'read_committed',
      'enable.auto.commit': false,
      'enable.auto.offset.store': false,
      'enable.partition.eof': true,
    },
    topic: { 'auto.offset.reset': 'earliest', 'consume.callback.max.messages': 16 },
  })
})

test('properties of the work go before those of the client, and both before what is not a field', () => {
  const client = {
    additionalProps: { 'fetch.min.bytes': 1, 'fetch.queue.backoff.ms': 100, 'security.protocol': 'ssl' },
  }
  const { global } = properties({ additionalProps: { 'fetch.min.bytes': 2 } }, client)
  expect(global).toMatchObject({ 'fetch.min.bytes': 2, 'fetch.queue.backoff.ms': 100, 'security.protocol': 'ssl' })
})

test.each([
  ['message.max.bytes', 100_000_000],
  ['max.partition.fetch.bytes', 8_000_000],
  ['receive.message.max.bytes', 1_500_000],
])('%s that is given decides alone how large an answer may be', (name, value) => {
  expect(properties({ additionalProps: { [name]: value } }).global).not.toHaveProperty(['fetch.max.bytes'])
})

test('a least size of fetches has the time of librdkafka to come together, and a time that is given stays', () => {
  expect(properties({ additionalProps: { 'fetch.min.bytes': 1_000 } }).global).not.toHaveProperty(['fetch.wait.max.ms'])
  expect(properties({ additionalProps: { 'fetch.wait.max.ms': 200 } }).global).toHaveProperty(
    ['fetch.wait.max.ms'],
    200,
  )
})

test('times given as properties are sent once, as numbers', () => {
  const additionalProps = { 'session.timeout.ms': '6000', 'max.poll.interval.ms': 60_000 }
  expect(properties({ additionalProps }).global).toMatchObject({
    'session.timeout.ms': 6000,
    'max.poll.interval.ms': 60_000,
  })
})

test.each<[Record<string, unknown>]>([
  [{ groupProtocol: 'consumer' }],
  [{ additionalProps: { 'group.protocol': 'consumer' } }],
  [{ additionalProps: { 'group.protocol': 'Consumer' } }],
])('with %j nothing is sent that the broker decides', (work) => {
  const { global } = properties(work)
  for (const property of ['session.timeout.ms', 'partition.assignment.strategy', 'heartbeat.interval.ms']) {
    expect(global).not.toHaveProperty([property])
  }
  expect(global).toMatchObject({ 'group.protocol': 'consumer', 'max.poll.interval.ms': 300_000 })
})

test('heartbeats come three times within a short session, and as the user says', () => {
  expect(properties({ sessionTimeoutMs: 1_500 }).global).toMatchObject({ 'heartbeat.interval.ms': 500 })
  const additionalProps = { 'heartbeat.interval.ms': 200 }
  expect(properties({ additionalProps }).global).toMatchObject({ 'heartbeat.interval.ms': 200 })
})

test('a static member has its id', () => {
  expect(properties({ groupInstanceId: 'pod-0' }).global).toMatchObject({ 'group.instance.id': 'pod-0' })
  expect(properties().global).not.toHaveProperty(['group.instance.id'])
})

describe('librdkafka takes them', () => {
  test.each<[string, Record<string, unknown>]>([
    ['the defaults', {}],
    ['every assignment strategy', { assignmentStrategy: 'range,roundrobin' }],
    ['the poll interval at its lowest', { maxPollIntervalMs: 45_000 }],
    ['a static member of a new group', { groupInstanceId: 'a', groupProtocol: 'consumer' }],
    ['a short poll interval in a new group', { maxPollIntervalMs: 50_000, groupProtocol: 'consumer' }],
    ['the largest queue', { queuedMaxKbytes: 2_097_151 }],
    ['the other end', { autoOffsetReset: 'error', isolationLevel: 'read_uncommitted' }],
  ])('%s', async (_what, work) => {
    expect(await refusal(properties(work))).toBeUndefined()
  })

  test('and this test would notice when it did not', async () => {
    const { global, topic } = properties()
    expect(await refusal({ global: { ...global, 'max.poll.interval.ms': 1000 }, topic })).toContain(
      'session.timeout.ms',
    )
  })
})

describe('secrets', () => {
  test.each([
    'sasl.password',
    'ssl.key.password',
    'ssl.keystore.password',
    'ssl.key.pem',
    'ssl_key',
    'sasl.oauthbearer.client.secret',
    'sasl.oauthbearer.config',
    'sasl.oauthbearer.assertion.private.key.passphrase',
    'sasl.oauthbearer.assertion.private.key.pem',
  ])('%s is one', (property) => {
    expect(isSecret(property)).toBe(true)
  })

  test.each([
    'sasl.username',
    'ssl.key.location',
    'ssl.ca.location',
    'ssl.certificate.pem',
    'sasl.oauthbearer.token.endpoint.url',
    'group.id',
    'security.protocol',
  ])('%s is none', (property) => {
    expect(isSecret(property)).toBe(false)
  })
})

describe('the producer', () => {
  const produced = (work: Record<string, unknown> = {}, client: Record<string, unknown> = {}) => {
    const clientConfig = parseClientConfig({ bootstrapServers: ['127.0.0.1:1'], ...client })
    return producerProperties(parseWorkConfig({ ...minimal, ...work }, clientConfig), clientConfig)
  }

  test('is idempotent, and leaves it to the brokers what is too large', () => {
    expect(produced()).toEqual({
      'bootstrap.servers': '127.0.0.1:1',
      'client.id': 'billing',
      'enable.idempotence': true,
      'linger.ms': 5,
      'message.max.bytes': 100_000_000,
      'delivery.timeout.ms': 30_000,
      'topic.metadata.propagation.max.ms': 10_000,
    })
  })

  test('shares security with the consumer, and each gets its own properties only', () => {
    const additionalProps = {
      'security.protocol': 'ssl',
      'fetch.min.bytes': 2,
      'compression.type': 'lz4',
      'linger.ms': 50,
    }
    expect(produced({ additionalProps })).toMatchObject({
      'security.protocol': 'ssl',
      'compression.type': 'lz4',
      'linger.ms': 50,
    })
    expect(produced({ additionalProps })).not.toHaveProperty('fetch.min.bytes')
    const { global } = properties({ additionalProps })
    expect(global).toMatchObject({ 'security.protocol': 'ssl', 'fetch.min.bytes': 2 })
    expect(global).not.toHaveProperty('compression.type')
  })
})
