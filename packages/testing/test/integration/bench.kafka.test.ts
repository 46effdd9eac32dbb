import { execFile, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { Kafka, logLevel } from 'kafkajs'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'

const bin = fileURLToPath(new URL('../../../runtime/bin/zk.cjs', import.meta.url))
const bootstrapServers = process.env.KAFKA_BOOTSTRAP!
const kafka = new Kafka({ brokers: bootstrapServers.split(','), logLevel: logLevel.NOTHING })
const admin = kafka.admin()
const topic = `bench-orders-${randomUUID()}`
let dir: string
let processor: string

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'zk-bench-'))
  processor = join(dir, 'processor.mjs')
  // It sends as well: where that goes is part of what is promised.
  writeFileSync(
    processor,
    `export default { async process({ value, headers }, ctx) {
      if (headers.get('source')?.toString() !== 'web') throw new Error('not of the topic')
      await ctx.send('${topic}-out', { value })
    } }`,
  )
  await admin.connect()
  await admin.createTopics({
    topics: [
      { topic, numPartitions: 3 },
      { topic: `${topic}-out`, numPartitions: 1 },
    ],
  })
  const producer = kafka.producer()
  await producer.connect()
  const messages = Array.from({ length: 200 }, (_, i) => ({ key: `k${i}`, value: `v${i}`, headers: { source: 'web' } }))
  await producer.send({ topic, messages })
  await producer.disconnect()
})
afterAll(async () => {
  await admin.deleteTopics({ topics: [topic, `${topic}-out`] }).catch(() => {})
  await admin.disconnect()
  rmSync(dir, { recursive: true })
})

async function bench(...args: string[]) {
  const short = ['--speedup', '1', '--concurrency', '16', '--repeats', '1', '--seconds', '0.3', '--messages', '2000']
  const { stdout } = await promisify(execFile)(process.execPath, [
    ...[bin, 'bench', processor, '--brokers', bootstrapServers, '--json'],
    ...short,
    ...args,
  ])
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
}

const written = async () =>
  (await admin.fetchTopicOffsets(`${topic}-out`)).reduce((sum, { high }) => sum + Number(high), 0)
/** Groups that have committed in the topic, or are the bench's own; other tests have groups here too. */
async function groups(): Promise<string[]> {
  const names = (await admin.listGroups()).groups.map(({ groupId }) => groupId)
  const committed = await Promise.all(names.map((groupId) => admin.fetchOffsets({ groupId, topics: [topic] })))
  const isOfTopic = (i: number) =>
    committed[i]!.some(({ partitions }) => partitions.some(({ offset }) => offset !== '-1'))
  return names.filter((name, i) => name.startsWith('zk-bench-') || isOfTopic(i))
}
/** Kafka answers a deletion a moment before its brokers forget the topic. */
const untilTidy = (before: string[] = []) => vi.waitFor(async () => expect(await benchTopics()).toEqual(before), 5_000)
const benchTopics = async () => (await admin.listTopics()).filter((name) => name.startsWith('zk-bench-'))

test('a live topic: its messages are measured, and the cluster sees no group, no topic and no output', async () => {
  // Kafka keeps an empty group for some minutes: an earlier run's may be there.
  const before = await groups()
  const [point] = await bench('--topic', topic)
  expect(point).toMatchObject({ event: 'bench', failed: 0 })
  expect(point.perSecond).toBeGreaterThan(0)
  expect(await groups()).toEqual(before)
  await untilTidy()
  expect(await written()).toBe(0)
})

test('on the cluster: measured in topics of its own, end to end too, and they are deleted', async () => {
  const [point] = await bench('--topic', topic, '--on', 'brokers')
  expect(point).toMatchObject({ event: 'bench', failed: 0 })
  expect(point.endToEndP50Ms).toBeGreaterThan(0)
  // Here the handler's outputs are real.
  expect(await written()).toBeGreaterThan(0)
  await untilTidy()
})

test('interrupted while it writes its topic, it deletes that, and ends with the code of the signal', async () => {
  const before = await benchTopics()
  const args = [bin, 'bench', processor, '--brokers', bootstrapServers, '--size', '2000']
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] })
  const stderr = text(child.stderr)
  await vi.waitFor(async () => expect(await benchTopics()).toHaveLength(before.length + 2), { timeout: 20_000 })
  child.kill('SIGINT')
  const [code] = await once(child, 'exit')
  expect(code).toBe(130)
  expect(await stderr).toBe('')
  await untilTidy(before)
})
