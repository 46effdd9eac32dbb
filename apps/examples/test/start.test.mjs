/** Each example is started by one command, and needs nothing: it brings its broker, and the producer that it reads from. */
import { once } from 'node:events'
import { afterEach, expect, test } from 'vitest'
import { endAll, freePort, node, startUntil, zk } from './processes.mjs'

const EMBEDDED = ['--embedded', '--rate', '1000', '--count', '12']
const CLEAN = [0, null]

afterEach(endAll)

test('two terminals: the producer at its rate, and the worker, on a broker that `zk broker` starts', async () => {
  const broker = node('.', [zk, 'broker', '--topics', 'orders', '--json'])
  const [ready] = await once(broker.lines, 'line')
  const env = { KAFKA_BOOTSTRAP: JSON.parse(ready).bootstrapServers }
  const began = performance.now()
  const producer = node('.', ['start.mjs', 'producer', '--rate', '10', '--count', '11'], env)
  const { picked, texts, exit } = await startUntil(['worker'], env, 11, ({ msg, customer }) =>
    msg === 'Order billed' ? customer : undefined,
  )
  expect(exit).toEqual(CLEAN)
  expect(new Set(picked).size).toBe(11)
  expect(texts.at(-1)).toBe('drained: 11 processed, 0 of them failed, 11 committed')
  expect(await producer.exited).toEqual(CLEAN)
  // Ten tenths of a second between eleven orders.
  expect(performance.now() - began).toBeGreaterThan(1_000)
})

test('the dead letter worker gives up every order, and its circuit stays closed', async () => {
  // More than start before the first six have failed.
  const count = 600
  const args = ['deadletter-worker', '--embedded', '--rate', '10000', '--count', String(count)]
  const { picked, texts, exit } = await startUntil(args, {}, count, ({ text }) =>
    text?.endsWith(': dead-lettered') ? text : undefined,
  )
  expect(exit).toEqual(CLEAN)
  expect(new Set(picked).size).toBe(count)
  expect(texts.at(-1)).toBe(`${count} processed, ${count} of them are dead letters`)
})

test('the delay worker handles no order before it is old enough', async () => {
  const { picked, exit } = await startUntil(
    ['delay-worker', ...EMBEDDED],
    { DELAY_MS: '1500' },
    12,
    ({ msg, ageMs }) => (msg === 'Order is due' ? ageMs : undefined),
  )
  expect(exit).toEqual(CLEAN)
  expect(Math.min(...picked)).toBeGreaterThanOrEqual(1_500)
})

test('the hash worker computes in as many threads as it is told', async () => {
  const env = { SPEEDUP: '3', ROUNDS: '20000' }
  const { picked, texts, exit } = await startUntil(['hash-worker', ...EMBEDDED], env, 12, ({ msg, thread, seal }) =>
    msg === 'Order sealed' ? { thread, seal } : undefined,
  )
  expect(exit).toEqual(CLEAN)
  expect(new Set(picked.map(({ seal }) => seal)).size).toBe(12)
  expect(new Set(picked.map(({ thread }) => thread)).size).toBeGreaterThan(1)
  expect(texts.at(-1)).toBe('12 processed, 12 committed')
})

test('the avro worker reads orders of an older schema and of a newer one by its own', async () => {
  const { picked, texts, exit } = await startUntil(['avro-worker', ...EMBEDDED], {}, 12, (line) =>
    line.msg === 'Order read' ? line : undefined,
  )
  expect(exit).toEqual(CLEAN)
  expect(texts.at(-1)).toBe('12 processed, 0 of them failed')
  const byId = picked.sort((a, b) => a.order - b.order)
  // The older schema has no discount: its default. The newer one has a note, which the reader does not.
  expect(byId.map(({ discount }) => discount)).toEqual(byId.map(({ order }) => (order % 2 === 1 ? '0.50' : null)))
  for (const { fields } of byId) expect(fields).toEqual(['id', 'customer', 'quantity', 'placedAt', 'discount'])
})

test('the protobuf worker reads int64 and nested messages', async () => {
  const { picked, exit } = await startUntil(['proto-worker', ...EMBEDDED], {}, 12, ({ msg, order, total }) =>
    msg === 'Order billed' ? { order, total } : undefined,
  )
  expect(exit).toEqual(CLEAN)
  expect(picked).toContainEqual({ order: String(2n ** 60n + 3n), total: 4 * 3.5 + 9 })
})

test.each(['fastify', 'nestjs'])(
  '%s: the application owns its work: health, and an end in good order',
  async (name) => {
    const port = await freePort()
    /** @type {string | undefined} */
    let ended
    const ask = async (/** @type {string} */ path) => (await fetch(`http://127.0.0.1:${port}/${path}`)).status
    const env = { PORT: String(port), NO_COLOR: '1' }
    const { picked, texts, exit } = await startUntil(
      [name, ...EMBEDDED],
      env,
      12,
      async ({ msg, reason, processed, committed }) => {
        if (msg === 'Order seen') return Promise.all(['livez', 'readyz'].map(ask))
        if (reason === 'drained') ended = `${reason}: ${processed} processed, ${committed} committed`
        return undefined
      },
    )
    expect(exit).toEqual(CLEAN)
    expect(new Set(picked.flat())).toEqual(new Set([200]))
    expect(ended ?? texts.at(-1)).toContain('drained: 12 processed, 12 committed')
  },
)

test('an unknown example is wrong usage', async () => {
  expect(await node('.', ['start.mjs', 'nonsense']).exited).toEqual([2, null])
})
