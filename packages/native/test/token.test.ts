import Kafka from 'node-rdkafka'
import { expect, test, vi } from 'vitest'
import { openProducer, setToken } from '../src/index.js'

/** Nobody listens there, and nobody has to: a token is the client's own. */
const oauthbearer = {
  ...{ 'bootstrap.servers': '127.0.0.1:1', 'security.protocol': 'sasl_plaintext', 'sasl.mechanism': 'OAUTHBEARER' },
  log_level: 0,
}

test('a consumer takes tokens from the moment that it is made until it is disconnected', async () => {
  const consumer = new Kafka.KafkaConsumer({ ...oauthbearer, 'group.id': 'g' } as never, {})
  expect(setToken(consumer, 'early')).toBe(false)
  // It also disconnects, when there was no answer.
  const over = new Promise((resolve) => consumer.connect({ timeout: 2_000 }, resolve))
  await vi.waitFor(() => expect(setToken(consumer, 'one')).toBe(true), { timeout: 1_500, interval: 5 })
  expect(setToken(consumer, 'another')).toBe(true)
  await over
  expect(setToken(consumer, 'late')).toBe(false)
})

test('a producer takes tokens until it is closed', async () => {
  const producer = openProducer(oauthbearer, () => {})
  expect(producer.setToken('one')).toBe(true)
  expect(producer.setToken('another')).toBe(true)
  await producer.close()
  expect(producer.setToken('late')).toBe(false)
})

test('what is no client of node-rdkafka is refused before C++ sees it', () => {
  expect(() => setToken({ getClient: () => ({}) } as never, 'x')).toThrow(
    expect.objectContaining({ code: 'ZK_NATIVE_NOT_A_CONSUMER' }),
  )
})
