import { once } from 'node:events'
import Kafka, { type LibrdKafkaError, type Metadata } from 'node-rdkafka'
import { expect, test } from 'vitest'
import { startEmbeddedBroker } from '../../src/kafka/embedded-broker.js'
import { jsonLines, start, zk } from './zk.js'

test.each(['SIGINT', 'SIGTERM'] as const)('zk broker has the topics that were asked for, until %s', async (signal) => {
  const { child, ended } = start(['broker', '--topics', 'orders,orders.dlt', '--partitions', '3', '--json'])
  const [line] = await once(child.stdout!, 'data')
  const { event, bootstrapServers } = JSON.parse(line)
  expect(event).toBe('ready')

  const { topics } = await metadataOf(bootstrapServers)
  const found = topics.map(({ name, partitions }) => [name, partitions.length])
  expect(found).toEqual(
    expect.arrayContaining([
      ['orders', 3],
      ['orders.dlt', 3],
    ]),
  )

  child.kill(signal)
  expect(await ended).toMatchObject({ code: 0, stderr: '' })
})

test('zk doctor: exit 0 where all is well, every check on a line of its own', async () => {
  const broker = await startEmbeddedBroker({ topics: ['orders'] })
  const where = ['--brokers', broker.bootstrapServers, '--topic', 'orders', '--group', 'billing']
  const { code, stdout } = await zk('doctor', ...where, '--json')
  const checks = jsonLines(stdout)
  expect(new Set(checks.map(({ name }) => name))).toEqual(
    new Set([
      ...['node', 'node-rdkafka', 'native reader', 'compression', 'TypeScript', 'CPUs'],
      ...['brokers', 'topic orders', 'group billing'],
    ]),
  )
  expect(checks.filter(({ result }) => result === 'fail')).toEqual([])
  expect(checks.every(({ event, found }) => event === 'check' && typeof found === 'string')).toBe(true)
  // Whatever is not well comes with what to do.
  expect(checks.filter(({ result, fix }) => result !== 'ok' && typeof fix !== 'string')).toEqual([])
  expect(code).toBe(0)
  await broker.stop()
})

test('zk doctor: exit 1 with the code of the error when no broker answers', async () => {
  const { code, stdout } = await zk('doctor', '--brokers', '127.0.0.1:1', '--json')
  expect(code).toBe(1)
  expect(jsonLines(stdout).at(-1)).toMatchObject({
    ...{ event: 'check', name: 'brokers', result: 'fail' },
    ...{ found: expect.stringContaining('ZK_BROKER_UNREACHABLE'), fix: 'zk explain ZK_BROKER_UNREACHABLE' },
  })
})

test('zk doctor: a property that librdkafka does not know fails the check of the brokers', async () => {
  const { code, stdout } = await zk('doctor', '--brokers', '127.0.0.1:1', '--prop', 'no.such=1', '--json')
  expect(code).toBe(1)
  expect(jsonLines(stdout).at(-1)!.found).toContain('ZK_CONFIG_UNKNOWN_PROPERTY')
})

async function metadataOf(bootstrapServers: string): Promise<Metadata> {
  const producer = new Kafka.Producer({ 'bootstrap.servers': bootstrapServers })
  return new Promise((resolve, reject) => {
    producer.connect({ allTopics: true, timeout: 10_000 }, (error: LibrdKafkaError | null, metadata) => {
      producer.disconnect(() => (error ? reject(error) : resolve(metadata)))
    })
  })
}
