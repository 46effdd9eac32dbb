/** What an application writes with the fake client is there to look at. */
import { describe, expect, test } from 'vitest'
import { silent } from '../../src/delivery/recorded-log.js'
import { fakeOf, orders, placeOrder } from './application.js'

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
