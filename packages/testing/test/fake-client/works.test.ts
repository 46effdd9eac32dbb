/** Works of the fake client run their module on what is fed, and tell what they do. */
import { string } from '@zk/formats'
import type { DoneOutcome } from '@zk/runtime'
import { describe, expect, test } from 'vitest'
import { silent } from '../../src/delivery/recorded-log.js'
import { billing, fakeOf, orders, processed, started } from './application.js'
import bill from './bill.js'

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
    const hooksModule = new URL('mark-hooks.mjs', import.meta.url)
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
