import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
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

test('zk broker makes a topic that is named twice once', async () => {
  const { child, ended } = start(['broker', '--topics', 'a,a', '--topics', 'b,a', '--json'])
  const [line] = await once(child.stdout!, 'data')
  const { topics } = await metadataOf(JSON.parse(line).bootstrapServers)
  expect(topics.map(({ name }) => name).sort()).toEqual(['a', 'b'])
  child.kill('SIGTERM')
  expect((await ended).code).toBe(0)
})

test.each([
  ['bad topic!', '"bad topic!" is not a topic name: it contains " "'],
  ['', '"" is not a topic name: it is empty'],
  ['a,^b', 'Expected names, not a pattern'],
])('zk broker --topics %j is wrong usage', async (topics, text) => {
  const { child, ended } = start(['broker', '--topics', topics])
  child.stdout!.once('data', () => child.kill('SIGKILL'))
  const { code, stderr } = await ended
  expect(code).toBe(1)
  expect(stderr).toContain('ZK_CLI_USAGE: ')
  expect(stderr).toContain(text)
})

test('zk doctor --config: asks after the topics and the group that it names, and no others', async () => {
  const broker = await startEmbeddedBroker({ topics: ['orders'] })
  const file = join(mkdtempSync(join(tmpdir(), 'zk-doctor-')), 'work.json')
  const namesIn = async (fields: object, ...more: string[]) => {
    writeFileSync(file, JSON.stringify({ bootstrapServers: broker.bootstrapServers, ...fields }))
    const { code, stdout } = await zk('doctor', '--config', file, ...more, '--json')
    expect(code).toBe(0)
    return jsonLines(stdout).flatMap(({ name }) => (/^(topic|group) /.test(String(name)) ? [name] : []))
  }
  expect(await namesIn({})).toEqual([])
  expect(await namesIn({}, '--topic', 'orders')).toEqual(['topic orders'])
  expect(await namesIn({ topic: 'orders', groupId: 'billing' })).toEqual(['topic orders', 'group billing'])
  await broker.stop()
  rmSync(dirname(file), { recursive: true })
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

test('zk doctor: a pattern matches what zk run would read, and a group needs no topic', async () => {
  const broker = await startEmbeddedBroker({ topics: ['orders-eu', 'orders-us', 'other'] })
  const where = ['--brokers', broker.bootstrapServers, '--group', 'billing', '--json']
  const found = async (...args: string[]) => {
    const { code, stdout } = await zk('doctor', ...where, ...args)
    expect(code).toBe(0)
    const checks = jsonLines(stdout).filter(({ name }) => /^(topics?|group) /.test(String(name)))
    return checks.map(({ name, result, found }) => ({ name, result, found }))
  }
  const group = { name: 'group billing', result: 'ok', found: 'has committed nothing yet' }
  expect(await found()).toEqual([group])
  expect(await found('--topic', '^orders-')).toEqual([
    { name: 'topics ^orders-', result: 'ok', found: expect.stringMatching(/^orders-(eu, orders-us|us, orders-eu)$/) },
    group,
  ])
  expect(await found('--topic', '^nothing')).toEqual([
    { name: 'topics ^nothing', result: 'warn', found: 'no topic matches' },
    { name: 'group billing', result: 'warn', found: 'not asked: there is no topic' },
  ])
  await broker.stop()
})

test.each([
  [['--brokers', 'localhost'], 'ZK_CONFIG_INVALID'],
  [['--brokers', '127.0.0.1:1', '--prop', 'enable.auto.commit=true'], 'ZK_CONFIG_OWNED_PROPERTY'],
  [['--brokers', '127.0.0.1:1', '--prop', 'session.timeout.ms=many'], 'ZK_CONFIG_INVALID'],
  [['--brokers', '127.0.0.1:1', '--topic', 'a b'], 'ZK_TOPIC_INVALID'],
])('zk doctor %j refuses what zk run refuses', async (args, code) => {
  const { code: exitCode, stdout } = await zk('doctor', ...args, '--json')
  expect(exitCode).toBe(1)
  expect(jsonLines(stdout).at(-1)).toMatchObject({
    ...{ event: 'check', name: 'configuration', result: 'fail' },
    found: expect.stringContaining(code),
  })
})

test.each(['--topic', '--group', '--prop'])('zk doctor %s without --brokers is wrong usage', async (option) => {
  const { code, stdout, stderr } = await zk('doctor', option, 'a=b')
  expect(code).toBe(1)
  expect(stdout).toBe('')
  expect(stderr).toContain(`ZK_CLI_USAGE: ${option} needs --brokers or --config. See zk doctor --help.`)
})

async function metadataOf(bootstrapServers: string): Promise<Metadata> {
  const producer = new Kafka.Producer({ 'bootstrap.servers': bootstrapServers })
  return new Promise((resolve, reject) => {
    producer.connect({ allTopics: true, timeout: 10_000 }, (error: LibrdKafkaError | null, metadata) => {
      producer.disconnect(() => (error ? reject(error) : resolve(metadata)))
    })
  })
}
