/** A client is closed, and its process ends, when there are no brokers: within some four seconds, and without losing a word about anything. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { createInterface } from 'node:readline'
import { createMockCluster } from '@zk/native/mock-cluster'
import { createClient } from '@zk/runtime'
import { expect, test } from 'vitest'

const TOPIC = 'orders'
/** Two seconds for the writer and two for the reader, and what a busy machine adds. */
const PATIENCE_MS = 7_000
const silent = Object.fromEntries(
  ['trace', 'debug', 'info', 'warn', 'error', 'fatal'].map((level) => [level, () => {}]),
) as never

/** @returns what the program told, and how long it lived after its line came */
async function closing(env: Record<string, string>, takeAway: () => void) {
  const program = new URL('./programs/closes-without-brokers.mjs', import.meta.url).pathname
  const child = spawn(process.execPath, [program], {
    env: { ...process.env, TOPIC, ...env },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]()
  expect((await lines.next()).value).toBe('ready')
  takeAway()
  const before = performance.now()
  child.stdin.write('close\n')
  const [told, [code]] = await Promise.all([lines.next(), once(child, 'exit')])
  return { ...JSON.parse(told.value as string), code, livedMs: performance.now() - before }
}

test('with brokers that were never there: the write is told as failed, and a connection that is being made keeps nobody', async () => {
  const end = await closing({ BROKERS: `127.0.0.1:${await deadPort()}` }, () => {})
  expect(end).toMatchObject({ code: 0, write: 'ZK_WRITE_FAILED' })
  expect(end.closedMs).toBeLessThan(PATIENCE_MS)
  expect(end.livedMs).toBeLessThan(PATIENCE_MS)
})

test('with brokers that are gone: a commit that they never took keeps nobody', async () => {
  const cluster = createMockCluster()
  cluster.setGroupInitialRebalanceDelay(0)
  cluster.createTopic(TOPIC, 1)
  const end = await closing({ BROKERS: cluster.bootstrapServers, HAD_BROKERS: '1' }, () => cluster.close())
  expect(end).toMatchObject({ code: 0, write: 'ZK_WRITE_FAILED' })
  expect(end.closedMs).toBeLessThan(PATIENCE_MS)
  expect(end.livedMs).toBeLessThan(PATIENCE_MS)
})

test('a time that the writer is given is waited also without brokers, and what they take when they are back is written', async () => {
  const cluster = createMockCluster()
  cluster.createTopic(TOPIC, 1)
  const client = createClient({ bootstrapServers: [cluster.bootstrapServers], logger: silent })
  const writer = client.writer({ topic: TOPIC })
  await writer.write('first')
  cluster.setBrokerUp(1, false)
  const written = writer.write('last')
  const before = performance.now()
  setTimeout(() => cluster.setBrokerUp(1, true), 4_000)
  await writer.close(20_000)
  await expect(written).resolves.toMatchObject({ partition: 0 })
  expect(performance.now() - before).toBeGreaterThan(3_900)
  await client.close()
  cluster.close()
})

test('brokers that are back in time get what was written, without a time given', async () => {
  const cluster = createMockCluster()
  cluster.createTopic(TOPIC, 1)
  const client = createClient({ bootstrapServers: [cluster.bootstrapServers], logger: silent })
  const writer = client.writer({ topic: TOPIC, additionalProps: { 'reconnect.backoff.max.ms': 100 } })
  await writer.write('first')
  cluster.setBrokerUp(1, false)
  const written = writer.write('last')
  setTimeout(() => cluster.setBrokerUp(1, true), 1_000)
  await client.close()
  await expect(written).resolves.toMatchObject({ partition: 0 })
  cluster.close()
})

async function deadPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}
