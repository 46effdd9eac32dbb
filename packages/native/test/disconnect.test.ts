import { execFile } from 'node:child_process'
import { pbkdf2 } from 'node:crypto'
import { once } from 'node:events'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { commit, committed } from '../src/index.js'
import type { MockCluster } from '../src/mock-cluster.js'
import { disconnect, Member, numbered, produce, startCluster } from './support.js'

let cluster: MockCluster

beforeAll(() => {
  cluster = startCluster()
})

afterAll(() => cluster.close())

test('reads that are cut off at random moments neither crash nor hang nor tear a block', async () => {
  const script = join(import.meta.dirname, '..', 'scripts', 'cut-reads.mjs')
  const { stdout } = await promisify(execFile)(process.execPath, [script, '40'], { timeout: 50_000 })
  const verdict = JSON.parse(stdout)
  expect(verdict).toMatchObject({ rounds: 40, verdict: 'ok' })
  expect(verdict.records).toBeGreaterThan(0)
})

test('a disconnect with full queues and a reader that was not closed comes to its end, and the consumer works again', async () => {
  cluster.createTopic('again', 3)
  await produce(cluster, 'again', numbered(3_000, 3, 100))
  const member = await new Member(cluster, 'again', { keepReading: false }).start('again')
  await member.until(() => member.assignedNow.size === 3)
  await vi.waitFor(() => expect(member.reader.queued(member.slotOf(2))).toBeGreaterThan(400), {
    timeout: 10_000,
    interval: 5,
  })
  const first = member.reader
  await disconnect(member.consumer)
  expect(first.queued(0)).toBe(0)

  await member.start('again')
  expect(member.reader).not.toBe(first)
  const total = () => member.records.length
  while (total() < 3_000) {
    const before = member.blocks.length
    member.request(500, 1e6)
    await member.until(() => member.blocks.length > before)
  }
  expect(total()).toBe(3_000)
  await member.stop()
})

test('reading and committing do not wait for libuv pool threads', async () => {
  cluster.createTopic('pool', 1)
  await produce(cluster, 'pool', numbered(10, 1))
  const member = await new Member(cluster, 'pool', { keepReading: false }).start('pool')
  await member.until(() => member.assignedNow.size === 1)

  let poolDone = 0
  const busy = Array.from({ length: 8 }, () =>
    promisify(pbkdf2)('p', 's', 1_500_000, 64, 'sha512').then(() => poolDone++),
  )
  member.request()
  await member.until(() => member.records.length === 10)
  await commit(member.consumer, [{ topic: 'pool', partition: 0, offset: 10 }], 10_000)
  expect((await committed(member.consumer, [{ topic: 'pool', partition: 0 }], 10_000))[0].offset).toBe(10)
  expect(poolDone).toBeLessThan(8)
  await Promise.all(busy)
  await member.stop()
})

test('the process can end while a reader reads and a commit waits', async () => {
  const program = `
    import { createMockCluster } from '@zk/native/mock-cluster'
    import { commit, openReader } from '@zk/native'
    import Kafka from 'node-rdkafka'
    const cluster = createMockCluster()
    const consumer = new Kafka.KafkaConsumer({ 'bootstrap.servers': cluster.bootstrapServers, 'group.id': 'g' }, {})
    consumer.connect({}, () => {
      openReader(consumer, { onReady() {} }).request(1, 1)
      cluster.setBrokerUp(1, false)
      commit(consumer, [{ topic: 't', partition: 0, offset: 1 }], 60_000).catch(() => {})
      setImmediate(() => process.exit(7))
    })`
  const child = execFile(process.execPath, ['--input-type=module', '-e', program], {
    cwd: join(import.meta.dirname, '..'),
    timeout: 20_000,
  })
  const [code, signal] = await once(child, 'exit')
  expect([code, signal]).toEqual([7, null])
})
