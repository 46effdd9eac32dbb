/** The fake client stands for `createClient(...)` in a user's tests: application code here takes a `Client` and knows no other. */
import { json, string } from '@zk/formats'
import type { Client, DoneOutcome, RunSummary, WorkEvent, WorkInput } from '@zk/runtime'
import { type ProcessContext, ProcessError, type Processor } from '@zk/runtime/processor'
import { afterEach, describe, expect, test } from 'vitest'
import { silent } from '../src/delivery/recorded-log.js'
import { createFakeClient, type FakeClient, type FakeClientOptions } from '../src/fake-client.js'
import bill, { type Order } from './fake-client/bill.js'

const open = new Set<FakeClient>()
function fakeOf(options: FakeClientOptions = {}): FakeClient {
  const fake = createFakeClient(options)
  open.add(fake)
  return fake
}
afterEach(async () => {
  for (const fake of open) await fake.close()
  open.clear()
})

/** Made once: of two writers of one name the formats must be the same object. */
const orders = json({ parse: (value) => value as Order })

/** An application's own code. */
async function placeOrder(client: Client, order: Order): Promise<number> {
  const writer = client.writer({ topic: 'orders', format: orders, logger: silent })
  const { offset } = await writer.writeKey(order.customer, order, { headers: { source: 'shop' } })
  return offset
}

const billing = (input: Partial<WorkInput> = {}): WorkInput => ({
  ...{ topic: 'orders', groupId: 'billing', processor: new URL('fake-client/bill.ts', import.meta.url) },
  ...{ processorOptions: { currency: 'EUR' }, ...input },
})

/** A work that runs until the test ends it. */
function started(client: Client, input: WorkInput, onEvent: (event: WorkEvent) => void = () => {}) {
  const work = client.workFactory({ logger: silent }).create(input)
  const shutdown = new AbortController()
  const running = work.run({ shutdown: shutdown.signal, onEvent })
  running.catch(() => {})
  return {
    work,
    running,
    end(): Promise<RunSummary> {
      shutdown.abort()
      return running
    },
  }
}

const processed = (process: Processor['process'], more: Partial<Processor> = {}): FakeClientOptions => ({
  loadProcessor: () => ({ process, ...more }),
})

test('a handler of batches gets each message as a batch of its own, and what it names has failed', async () => {
  const sizes: number[] = []
  const fake = fakeOf({
    loadProcessor: () => ({
      format: string,
      processBatch(messages, ctx) {
        sizes.push(messages.length)
        if (messages[0]!.value === 'bad') ctx.fail(messages[0]!, new Error('no'))
        else void ctx.of(messages[0]!).send('out', { value: ctx.of(messages[0]!).idempotencyKey })
      },
    }),
  })
  const writer = fake.writer({ topic: 'orders', format: string, logger: silent })
  for (const value of ['good', 'bad', 'good']) await writer.writeKey('k', value)
  const work = fake.workFactory({ logger: silent }).create(billing())
  expect(await work.run({ untilEnd: true })).toMatchObject({ processed: 3, failed: 1 })
  expect(sizes).toEqual([1, 1, 1])
  expect(fake.written('out', string).map(({ value }) => value)).toEqual(['orders-0-0', 'orders-0-2'])
})

describe('writers', () => {
  test('what is written is there to look at, decoded, and its place is what write resolves with', async () => {
    const fake = fakeOf()
    expect(await placeOrder(fake, { customer: 'a', amount: 1 })).toBe(0)
    expect(await placeOrder(fake, { customer: 'a', amount: 2 })).toBe(1)
    const [first, second] = fake.written('orders', orders)
    expect(first.value).toEqual({ customer: 'a', amount: 1 })
    expect(second).toMatchObject({ topic: 'orders', partition: 0, offset: 1, key: Buffer.from('a') })
    expect(second.headers.get('source')).toEqual(Buffer.from('shop'))
    expect(Date.now() - second.timestamp).toBeLessThan(10_000)
  })

  test('records of a key share a partition, and a partition that is named is taken', async () => {
    const fake = fakeOf({ topics: { wide: 8 } })
    const writer = fake.writer({ topic: 'wide', logger: silent })
    const places = await Promise.all(['k', 'k', 'l', 'm', 'n'].map((key) => writer.writeKey(key, 'x')))
    expect(places[0].partition).toBe(places[1].partition)
    expect(new Set(places.map(({ partition }) => partition)).size).toBeGreaterThan(1)
    expect(await writer.write('x', { partition: 7, timestamp: 5 })).toMatchObject({ partition: 7 })
    expect(fake.written('wide').find(({ timestamp }) => timestamp === 5)?.partition).toBe(7)
    await expect(writer.write('x', { partition: 8 })).rejects.toMatchObject({
      code: 'ZK_WRITE_FAILED',
      message: expect.stringContaining('partition 8 of wide, which has 8 in this fake client'),
    })
  })

  test('what the runtime refuses is refused, by the same codes', async () => {
    const fake = fakeOf()
    const writer = fake.writer({ topic: 'a', logger: silent })
    await expect(writer.write({} as never)).rejects.toMatchObject({ code: 'ZK_WRITE_INVALID' })
    expect(() => fake.writer({ topic: 'a', lingerMs: 5, logger: silent })).toThrow(
      expect.objectContaining({ code: 'ZK_CONFIG_CONFLICT' }),
    )
    expect(() => fake.writer({ topic: 'no topic' })).toThrow(/topic/)
    await fake.close()
    await expect(writer.write('late')).rejects.toMatchObject({ code: 'ZK_WRITER_CLOSED' })
    expect(() => fake.writer({ topic: 'a' })).toThrow(expect.objectContaining({ code: 'ZK_CLIENT_CLOSED' }))
  })

  test('a refusal fails writes until the topic accepts them again', async () => {
    const fake = fakeOf()
    fake.refuse('orders', { code: 10, message: 'too large' })
    await expect(placeOrder(fake, { customer: 'a', amount: 1 })).rejects.toMatchObject({
      code: 'ZK_WRITE_FAILED',
      message: expect.stringContaining('too large'),
      details: { code: 10 },
    })
    fake.accept('orders')
    expect(await placeOrder(fake, { customer: 'a', amount: 1 })).toBe(0)
  })
})

describe('readers', () => {
  test('read what is fed and what is written, and what is done is where the group goes on', async () => {
    const fake = fakeOf()
    fake.feed('orders', [{ key: 'a', value: { customer: 'a', amount: 1 }, headers: [['h', '1']] }], orders)
    const reader = fake.reader({ topic: 'orders', groupId: 'g', format: orders, logger: silent })
    const first = (await reader.read())!
    expect(first.value).toEqual({ customer: 'a', amount: 1 })
    expect(first.headers.get('h')).toEqual(Buffer.from('1'))
    const next = reader.read()
    await placeOrder(fake, { customer: 'b', amount: 2 })
    expect((await next)!.value).toEqual({ customer: 'b', amount: 2 })
    expect(fake.committed('g', 'orders')).toEqual([undefined])
    first.done()
    expect(fake.committed('g', 'orders')).toEqual([1])
    expect(reader.assignments()).toEqual([{ topic: 'orders', partition: 0 }])
    expect(await reader.read({ timeoutMs: 0 })).toBeNull()
    await reader.close()
    const again = fake.reader({ topic: 'orders', groupId: 'g', format: string, logger: silent })
    expect((await again.read())!.offset).toBe(1)
  })

  test('what was fed is in the topic, and was not written', () => {
    const fake = fakeOf()
    fake.feed('orders', [{ value: 'x' }])
    expect(fake.written('orders')).toEqual([])
    expect(fake.records('orders', string).map(({ value }) => value)).toEqual(['x'])
  })

  test('two of one group share the partitions, those of another read all', async () => {
    const fake = fakeOf({ topics: { t: 2 } })
    const [one, two, other] = ['g', 'g', 'h'].map((groupId, i) =>
      fake.reader({ topic: 't', groupId, clientId: `r${i}`, logger: silent }),
    )
    const reads = [one, two, other].map((reader) => reader.read())
    await fake.until(() => two.assignments().length === 1)
    expect(one.assignments()).toHaveLength(1)
    fake.feed(
      't',
      [0, 1].map((partition) => ({ partition, value: `p${partition}` })),
    )
    const [a, b, c] = await Promise.all(reads)
    expect(new Set([a!.partition, b!.partition])).toEqual(new Set([0, 1]))
    expect([String(c!.value), String((await other.read())!.value)].sort()).toEqual(['p0', 'p1'])
    await two.close()
    expect(one.assignments()).toHaveLength(2)
  })

  test('a pattern takes topics that come later, and latest begins at the end', async () => {
    const fake = fakeOf()
    fake.feed('log.a', [{ value: 'old' }])
    const reader = fake.reader({
      ...{ topic: '^log\\.', groupId: 'g', format: string, autoOffsetReset: 'latest' as const, logger: silent },
    })
    const read = reader.read()
    await fake.until(() => reader.assignments().length === 1)
    fake.feed('log.a', [{ value: 'new' }])
    expect((await read)!.value).toBe('new')
    const strict = fake.reader({
      ...{ topic: 'log.a', groupId: 'i', autoOffsetReset: 'error' as const, clientId: 'strict', logger: silent },
    })
    await expect(strict.read()).rejects.toMatchObject({ code: 'ZK_OFFSET_UNAVAILABLE' })
  })
})

describe('works', () => {
  test('run the module that they name, with what it sends, on what is fed', async () => {
    const fake = fakeOf()
    const events: string[] = []
    const { work, end } = started(fake, billing(), ({ type }) => void events.push(type))
    fake.feed('orders', [{ key: 'c', value: { customer: 'c', amount: 3 } }], orders)
    await fake.settled()
    const [written] = fake.written('bills', string)
    expect(written).toMatchObject({ value: '3 EUR', key: Buffer.from('c') })
    expect(work.state()).toMatchObject({
      phase: 'running',
      partitions: [{ topic: 'orders', partition: 0, watermark: 1, committed: 1, lag: 0 }],
      counters: { processed: 1, committed: 1 },
    })
    expect(work.health()).toMatchObject({ live: { ok: true }, ready: { ok: true } })
    expect(await work.metrics()).toMatch(/zk_ready\{.*\} 1/)
    expect(await end()).toEqual({
      ...{ reason: 'drained', processed: 1, failed: 0, deadLettered: 0, redelivered: 0, threadDeaths: 0 },
      ...{ committed: 1, blocked: [] },
    })
    expect(events).toEqual(['assigned', 'committed', 'revoked'])
    expect(fake.committed('billing', 'orders')).toEqual([1])
  })

  test('run until the end of what is there, and again from there', async () => {
    const fake = fakeOf({ topics: { orders: 2 } })
    const feed = (amount: number) =>
      fake.feed('orders', [{ partition: amount % 2, value: { customer: 'c', amount } }], orders)
    feed(1)
    const work = fake.workFactory({ logger: silent }).create(billing())
    expect(await work.run({ untilEnd: true })).toMatchObject({ reason: 'drained', processed: 1 })
    feed(2)
    feed(3)
    expect(await work.run({ untilEnd: true })).toMatchObject({ processed: 2 })
    expect(await work.run({ untilEnd: true })).toMatchObject({ processed: 0 })
    expect(fake.written('bills')).toHaveLength(3)
  })

  test('a hooks module, main thread hooks and onDone are called, and their values travel', async () => {
    const seen: unknown[] = []
    const fake = fakeOf()
    const hooks = {
      postReadImmediate: ({ records }: { records: number }) => void seen.push(`read ${records}`),
      postRead: () => ({ mark: '?' }),
      postFanout: ({ records }: { records: number }) => void seen.push(`fanned out ${records}`),
      preWrite: () => ({ headers: { traced: 'yes' } }),
      postAck: ({ topic, offset }: { topic: string; offset: number }) => void seen.push(`${topic} ${offset}`),
    }
    const onDone = (_: unknown, outcome: DoneOutcome) => void seen.push(outcome.status)
    const hooksModule = new URL('fake-client/mark-hooks.mjs', import.meta.url)
    fake.feed('orders', [{ value: { customer: 'c', amount: 1 } }], orders)
    await fake.workFactory({ logger: silent, hooks, onDone }).create(billing()).run({ untilEnd: true })
    await fake
      .workFactory({ logger: silent })
      .create(billing({ hooksModule, groupId: 'marks' }))
      .run({ untilEnd: true })
    expect(fake.written('bills', string).map(({ value }) => value)).toEqual(['1 EUR?', '1 EUR!'])
    expect(fake.written('bills')[0].headers.get('traced')).toEqual(Buffer.from('yes'))
    expect(seen).toEqual(['read 1', 'fanned out 1', 'bills 0', 'done'])
  })

  test('a record that fails for good goes to the dead letter topic, with its cause, before its offset completes', async () => {
    const fake = fakeOf({ loadProcessor: () => bill })
    const statuses: string[] = []
    const input = billing({
      ...{ deadLetterTopic: 'orders.dlt', retry: { attempts: 3 } },
      onDone: (_, { status }) => void statuses.push(status),
    })
    fake.feed('orders', [{ key: 'c', value: { customer: 'c', amount: -1 } }], orders)
    const summary = await fake.workFactory({ logger: silent }).create(input).run({ untilEnd: true })
    expect(summary).toMatchObject({ processed: 1, deadLettered: 1, failed: 0, committed: 1 })
    const [letter] = fake.written('orders.dlt', orders)
    expect(letter).toMatchObject({ key: Buffer.from('c'), value: { amount: -1 } })
    expect(String(letter.headers.get('__dlq.errors.delivery.count'))).toBe('3')
    expect(fake.outcomes('orders')).toMatchObject([
      { status: 'dead-lettered', offset: 0, delivery: { error: new Error('no bill over -1'), attempts: [{}, {}, {}] } },
    ])
    expect(statuses).toEqual(['dead-lettered'])
  })

  test('while the dead letter topic refuses, the record is not committed', async () => {
    const fake = fakeOf({ loadProcessor: () => bill })
    fake.refuse('orders.dlt')
    const { end } = started(fake, billing({ deadLetterTopic: 'orders.dlt' }))
    fake.feed('orders', [{ value: { customer: 'c', amount: -1 } }], orders)
    await expect(fake.settled({ timeoutMs: 20 })).rejects.toThrow('not so within 20 ms')
    expect(fake.written('orders.dlt')).toEqual([])
    expect(fake.committed('billing', 'orders')).toEqual([undefined])
    fake.accept('orders.dlt')
    await fake.settled()
    expect(fake.committed('billing', 'orders')).toEqual([1])
    expect(await end()).toMatchObject({ deadLettered: 1 })
  })

  test('without one it completes, or stops the work, as onExhausted and the ProcessError say', async () => {
    const fake = fakeOf({ loadProcessor: () => bill })
    fake.feed('orders', [{ value: { customer: 'c', amount: -1 } }], orders)
    const run = (input: WorkInput) => fake.workFactory({ logger: silent }).create(input).run({ untilEnd: true })
    await expect(run(billing({ onExhausted: 'stop' }))).rejects.toMatchObject({ code: 'ZK_RECORD_FAILED' })
    expect(fake.committed('billing', 'orders')).not.toEqual([1])
    expect(await run(billing())).toMatchObject({ processed: 1, failed: 1 })
    const forbidden = fakeOf(
      processed(() => {
        throw new ProcessError('no', { disableDeadLetter: true })
      }),
    )
    forbidden.feed('orders', [{ value: 'x' }])
    const input = billing({ deadLetterTopic: 'orders.dlt' })
    await forbidden.workFactory({ logger: silent }).create(input).run({ untilEnd: true })
    expect(forbidden.written('orders.dlt')).toEqual([])
  })

  test('records of a key follow each other, others run beside them up to concurrency', async () => {
    const running: string[] = []
    const together: string[][] = []
    const fake = fakeOf(
      processed(async ({ key, offset }) => {
        running.push(`${key}${offset}`)
        together.push([...running])
        await new Promise(setImmediate)
        running.splice(running.indexOf(`${key}${offset}`), 1)
      }),
    )
    fake.feed(
      'orders',
      ['a', 'a', 'b', 'c'].map((key) => ({ key, value: 'x' })),
    )
    await fake
      .workFactory({ logger: silent })
      .create(billing({ concurrency: 2 }))
      .run({ untilEnd: true })
    expect(together[1]).toEqual(['a0', 'b2'])
    expect(Math.max(...together.map(({ length }) => length))).toBe(2)
    expect(together.every((names) => new Set(names.map((name) => name[0])).size === names.length)).toBe(true)
  })

  test("with concurrency 'auto' as many run as it may rise to", async () => {
    let most = 0
    let running = 0
    const fake = fakeOf(
      processed(async () => {
        most = Math.max(most, ++running)
        await new Promise(setImmediate)
        running--
      }),
    )
    fake.feed(
      'orders',
      ['a', 'b', 'c', 'd'].map((key) => ({ key, value: 'x' })),
    )
    const work = fake.workFactory({ logger: silent }).create(billing({ concurrency: 'auto', maxConcurrency: 3 }))
    await work.run({ untilEnd: true })
    expect(most).toBe(3)
    expect(work.state()?.threads[0]?.concurrency).toBe(3)
  })

  test('a shutdown waits for what has started, then tells it, and commits nothing unfinished', async () => {
    let told: unknown
    const hang = (_: unknown, { signal }: ProcessContext) =>
      new Promise<void>((_resolve, reject) => {
        signal.addEventListener('abort', () => {
          told = (signal.reason as { reason: string }).reason
          reject(signal.reason)
        })
      })
    const fake = fakeOf(processed(hang))
    fake.feed('orders', [{ key: 'k', value: 'x' }])
    const { work, end } = started(fake, billing({ shutdownTimeoutMs: 10 }))
    await fake.until(() => work.state()?.threads[0].running === 1)
    expect(await end()).toMatchObject({
      ...{ reason: 'deadline', processed: 0 },
      blocked: [{ topic: 'orders', partition: 0, offset: 0, key: 'k' }],
    })
    expect(told).toBe('shutdown')
    expect(fake.committed('billing', 'orders')).toEqual([undefined])
    const abort = new AbortController()
    const again = fake.workFactory({ logger: silent }).create(billing()).run({ signal: abort.signal })
    await fake.settled({ timeoutMs: 20 }).catch(() => {})
    abort.abort()
    expect(await again).toMatchObject({ reason: 'aborted', processed: 0 })
    expect(told).toBe('aborted')
  })

  test('setup, teardown and a reload are those of the module, and close ends what runs', async () => {
    const calls: string[] = []
    const fake = fakeOf(
      processed(() => void calls.push('process'), {
        setup: () => void calls.push('setup'),
        teardown: () => void calls.push('teardown'),
      }),
    )
    const { work, running } = started(fake, billing())
    fake.feed('orders', [{ value: 'x' }])
    await fake.settled()
    await work.reload()
    fake.feed('orders', [{ value: 'x' }])
    await fake.settled()
    await fake.close()
    expect(await running).toMatchObject({ reason: 'drained', processed: 2 })
    expect(calls).toEqual(['setup', 'process', 'setup', 'teardown', 'process', 'teardown'])
    expect(() => fake.workFactory().create(billing())).toThrow(expect.objectContaining({ code: 'ZK_CLIENT_CLOSED' }))
  })

  test('a reload waits for what has started, and what comes meanwhile is the new module’s', async () => {
    let generation = 0
    const by: string[] = []
    let open = (): void => {}
    const gate = new Promise<void>((resolve) => {
      open = resolve
    })
    const fake = fakeOf({
      loadProcessor: () => {
        const mine = ++generation
        return {
          async process({ offset }) {
            if (offset === 0) await gate
            by.push(`${offset} by ${mine}`)
          },
        }
      },
    })
    const { work, end } = started(fake, billing({ concurrency: 2 }))
    fake.feed('orders', [{ key: 'a', value: 'x' }])
    await fake.until(() => work.state()?.threads[0].running === 1)
    const reloaded = work.reload()
    fake.feed('orders', [{ key: 'b', value: 'x' }])
    await expect(fake.settled({ timeoutMs: 20 })).rejects.toThrow('not so within 20 ms')
    open()
    await reloaded
    await fake.settled()
    expect(by).toEqual(['0 by 1', '1 by 2'])
    await end()
  })

  test('a module that is not there, is none, or fails to set up rejects run with the runtime’s codes', async () => {
    const run = (options: FakeClientOptions, input: WorkInput) =>
      fakeOf(options).workFactory({ logger: silent }).create(input).run({ untilEnd: true })
    const missing = billing({ processor: './nowhere.ts' })
    await expect(run({}, missing)).rejects.toMatchObject({ code: 'ZK_PROCESSOR_NOT_FOUND' })
    await expect(run({ loadProcessor: () => ({}) as never }, billing())).rejects.toMatchObject({
      code: 'ZK_PROCESSOR_INVALID',
    })
    const setup = () => Promise.reject(new Error('no database'))
    await expect(
      run(
        processed(() => {}, { setup }),
        billing(),
      ),
    ).rejects.toMatchObject({
      code: 'ZK_PROCESSOR_SETUP_FAILED',
    })
    expect(() =>
      fakeOf()
        .workFactory()
        .create(billing({ topic: undefined as never })),
    ).toThrow(expect.objectContaining({ code: 'ZK_CONFIG_INVALID' }))
  })

  test('two works of one group share its partitions, and what one had not done the other does', async () => {
    const fake = fakeOf({ topics: { orders: 2 }, loadProcessor: () => bill })
    const one = started(fake, billing())
    await fake.settled()
    const two = started(fake, billing())
    await fake.until(() => two.work.state()?.partitions.length === 1)
    expect(one.work.state()?.partitions).toHaveLength(1)
    fake.feed(
      'orders',
      [0, 1].map((partition) => ({ partition, value: { customer: 'c', amount: 1 } })),
      orders,
    )
    await fake.settled()
    expect(fake.outcomes()).toHaveLength(2)
    expect(await one.end()).toMatchObject({ processed: 1 })
    expect(await two.end()).toMatchObject({ processed: 1 })
    expect(fake.committed('billing', 'orders')).toEqual([1, 1])
  })
})

test('until says which condition did not come true', async () => {
  await expect(fakeOf().until(() => 1 > 2, { timeoutMs: 5 })).rejects.toThrow(
    expect.objectContaining({ code: 'ZK_TEST_TIMEOUT', message: expect.stringContaining('within 5 ms: () => 1 > 2') }),
  )
})
