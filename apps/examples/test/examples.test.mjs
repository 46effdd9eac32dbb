import { once } from 'node:events'
import { afterEach, expect, test } from 'vitest'
import { endAll, node, zk } from './processes.mjs'

afterEach(endAll)

test('the worker bills what the producer wrote, and drains at SIGTERM', async () => {
  const broker = node('.', [zk, 'broker', '--topics', 'orders', '--json'])
  const [ready] = await once(broker.lines, 'line')
  const env = { KAFKA_BOOTSTRAP: JSON.parse(ready).bootstrapServers, COUNT: '200', RATE: '100000', CUSTOMERS: '7' }

  const producer = node('producer', ['produce.js'], env)
  expect(await producer.exited).toEqual([0, null])

  const worker = node('worker', ['worker.js'], env)
  const totals = new Map()
  let billed = 0
  let last = ''
  for await (const line of worker.lines) {
    last = line
    const entry = line.startsWith('{') ? JSON.parse(line) : {}
    if (entry.msg !== 'Order billed') continue
    totals.set(entry.customer, entry.total)
    if (++billed === 200) worker.child.kill('SIGTERM')
  }
  expect(await worker.exited).toEqual([0, null])
  expect(last).toBe('drained: 200 processed, 0 of them failed, 200 committed')
  // Quantities are 1 to 5 in turn, tea costs 3: the running totals, kept by key in the threads, end at the sum.
  expect([...totals.values()].reduce((sum, total) => sum + total, 0)).toBe(200 * 3 * 3)
})

test('the batch worker inserts in far fewer requests than orders, and only what the store refuses fails', async () => {
  const broker = node('.', [zk, 'broker', '--topics', 'orders', '--json'])
  const [ready] = await once(broker.lines, 'line')
  const env = { KAFKA_BOOTSTRAP: JSON.parse(ready).bootstrapServers, COUNT: '500', RATE: '100000', CUSTOMERS: '50' }
  expect(await node('producer', ['produce.js'], env).exited).toEqual([0, null])

  const worker = node('worker-batch', ['worker.js'], env)
  const refused = []
  let last = ''
  for await (const line of worker.lines) {
    last = line
    if (line.includes(': failed, Nobody has 5 of')) refused.push(line)
    const { rows } = line.startsWith('{') ? JSON.parse(line) : {}
    // Every fifth order is of five pieces.
    if (rows === 400 && refused.length === 100 && !worker.child.killed) worker.child.kill('SIGTERM')
  }
  expect(await worker.exited).toEqual([0, null])
  const [, requests] = /^500 processed, 100 of them refused; 400 rows in (\d+) requests$/.exec(last) ?? []
  expect(Number(requests)).toBeGreaterThan(0)
  expect(Number(requests)).toBeLessThan(100)
})

test('the retry pipeline tries again after a while what has failed, and gives up what fails again', async () => {
  const topics = 'orders,orders.retry,orders.dead'
  const broker = node('.', [zk, 'broker', '--topics', topics, '--json'])
  const [ready] = await once(broker.lines, 'line')
  const { bootstrapServers } = JSON.parse(ready)
  const env = { KAFKA_BOOTSTRAP: bootstrapServers, COUNT: '40', RATE: '100000', CUSTOMERS: '7', RETRY_AFTER_MS: '3000' }
  expect(await node('producer', ['produce.js'], env).exited).toEqual([0, null])

  const pipeline = node('retry-pipeline', ['pipeline.js'], env)
  const charged = []
  const rest = []
  let givenUp = 0
  for await (const line of pipeline.lines) {
    const entry = line.startsWith('{') ? JSON.parse(line) : { text: line }
    if (entry.msg === 'Order charged') charged.push(entry)
    else if (entry.text?.includes('given up')) givenUp++
    else if (entry.text !== undefined) rest.push(entry.text)
    // Once: a second one would abort it.
    if (charged.length === 36 && givenUp === 4 && !pipeline.child.killed) pipeline.child.kill('SIGTERM')
  }
  expect(await pipeline.exited).toEqual([0, null])
  expect(rest).toEqual([
    'drained: 40 processed, 8 of them passed on as dead letters, 40 committed',
    'drained: 8 processed, 4 of them passed on as dead letters, 8 committed',
  ])
  const late = charged.filter(({ from }) => from !== undefined)
  expect(late.map(({ order }) => order).sort()).toEqual([13, 23, 3, 33])
  expect(late.every(({ from, ageMs }) => from === 'orders' && ageMs >= 3_000)).toBe(true)

  const ls = node('.', [zk, 'dlt', 'ls', '--brokers', bootstrapServers, '--topic', 'orders.dead', '--json'])
  const letters = []
  for await (const line of ls.lines) letters.push(JSON.parse(line))
  expect(letters.filter(({ event }) => event === 'letter')).toHaveLength(4)
})

test('an order that is too large for the retry topic stops the pipeline, instead of being charged as nothing', async () => {
  // Brokers that refuse a record in its batch and then alone, once they are told to.
  const refusing = `import { createMockCluster } from '@zk/native/mock-cluster'
    const cluster = createMockCluster()
    for (const topic of ['orders', 'orders.retry', 'orders.dead']) cluster.createTopic(topic, 1)
    const [PRODUCE, TOO_LARGE] = [0, 10]
    process.on('SIGUSR2', () => {
      cluster.pushRequestErrors(PRODUCE, [TOO_LARGE, TOO_LARGE])
      console.log('refusing')
    })
    setInterval(() => {}, 60_000)
    console.log(cluster.bootstrapServers)`
  const broker = node('../../packages/native', ['--input-type=module', '-e', refusing])
  const [bootstrapServers] = await once(broker.lines, 'line')
  const env = { KAFKA_BOOTSTRAP: bootstrapServers, COUNT: '4', RATE: '1000', RETRY_AFTER_MS: '100' }
  expect(await node('producer', ['produce.js'], env).exited).toEqual([0, null])
  const told = once(broker.lines, 'line')
  broker.child.kill('SIGUSR2')
  await told
  // Order 3.
  expect(await node('retry-pipeline', ['pipeline.js'], env).exited).toEqual([4, null])
})
