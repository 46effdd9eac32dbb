import type { WorkInput } from '@zk/runtime'
import { ProcessError } from '@zk/runtime/processor'
import { describe, expect, test } from 'vitest'
import { silent } from '../../src/delivery/recorded-log.js'
import { billing, fakeOf, orders, processed, started } from './application.js'
import bill from './bill.js'

describe('works', () => {
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
})
