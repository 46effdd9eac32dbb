/** The embedded broker around the tests of a file. docs-guide.test.ts runs it in both runners, as users do. */
import { once } from 'node:events'
import { connect } from 'node:net'
import { json, string } from '@zk/formats'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { silent } from '../src/delivery/recorded-log.js'
import { readTopic, useEmbeddedBroker } from '../src/embedded-broker.js'

const broker = useEmbeddedBroker({ beforeAll, afterAll }, { topics: ['known'], partitions: 2 })

test('topics are the test’s own, and what was produced is read back with all that belongs to it', async () => {
  const topic = broker.createTopic(3)
  expect(broker.createTopic()).not.toBe(topic)
  const timestamp = 1_700_000_000_000
  await broker.produce(topic, [
    { key: 'a', value: 'first', headers: [['h', '1']], partition: 2, timestamp },
    { value: null, partition: 0 },
  ])
  const messages = await broker.readTopic({ topic, format: string })
  const [first, second] = messages.sort((a, b) => b.partition - a.partition)
  expect(first).toMatchObject({ topic, partition: 2, offset: 0, key: Buffer.from('a'), value: 'first', timestamp })
  expect(first.headers.get('h')).toEqual(Buffer.from('1'))
  expect(second).toMatchObject({ partition: 0, key: null, value: null })
})

test('reading waits for what is on its way, and says what there was when it does not come', async () => {
  const topic = broker.createTopic(1)
  const reading = broker.readTopic({ topic, until: 2, format: json() })
  const writer = broker.client.writer({ topic, format: json() })
  await writer.write({ n: 1 })
  await writer.write({ n: 2 })
  expect((await reading).map(({ value }) => value)).toEqual([{ n: 1 }, { n: 2 }])
  const has = (text: string) => (all: readonly { value: string | null }[]) => all.some(({ value }) => value === text)
  expect(await broker.readTopic({ topic, until: has('{"n":1}'), format: string })).not.toHaveLength(0)
  await expect(broker.readTopic({ topic, until: 3, timeoutMs: 500 })).rejects.toMatchObject({
    code: 'ZK_TEST_TIMEOUT',
    details: { what: `${topic} had 2 records, and not 3 records`, timeoutMs: 500 },
  })
})

test('a topic without records is empty', async () => {
  const { bootstrapServers } = broker
  expect(await readTopic({ bootstrapServers }, { topic: 'known' })).toEqual([])
})

test('its client is closed before it stops, with the works that still run, and both are gone then', async () => {
  const hooks: (() => Promise<void>)[] = []
  const keep = (hook: () => Promise<void>) => void hooks.push(hook)
  const other = useEmbeddedBroker({ before: keep, after: keep })
  expect(() => other.client).toThrow('The embedded broker runs only while tests do')
  await hooks[0]()
  const { client, bootstrapServers } = other
  const processor = new URL('integration/processors/stamped.mjs', import.meta.url)
  const running = client
    .workFactory({ logger: silent })
    .create({ topic: other.createTopic(1), groupId: 'g', processor })
    .run()
  await hooks[1]()
  expect(await running).toMatchObject({ reason: 'drained' })
  expect(() => other.bootstrapServers).toThrow('only while tests do')
  const [host, port] = bootstrapServers[0].split(':')
  await expect(once(connect(Number(port), host), 'connect')).rejects.toThrow('ECONNREFUSED')
})
