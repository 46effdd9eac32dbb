/** Readers of the fake client read what was fed and written, as members of a group. */
import { string } from '@zk/formats'
import { describe, expect, test } from 'vitest'
import { silent } from '../../src/delivery/recorded-log.js'
import { fakeOf, orders, placeOrder } from './application.js'

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
