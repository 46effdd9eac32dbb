/** What is left of a letter that is too large, until nothing more can be left out. */
import { describe, expect, test, vi } from 'vitest'
import { copied } from '../letters.js'
import { failures, log, open, producer, TOO_LARGE, writer } from './refusing-topic.js'

describe('a letter that is too large', () => {
  const large = { record: copied({ value: Buffer.alloc(2_000), headers: [['own', Buffer.from('h')]] }) }

  test('in company is tried in a batch of its own first: the batch may have been too large, and not the record', () => {
    const { done, write } = writer(open())
    write(1)
    write(2, large)
    producer.take()[0]!.report()
    producer.take()[0]!.report(TOO_LARGE)
    const [again] = producer.take()
    expect(again).toMatchObject({ offset: 2, isAlone: true })
    expect(again!.record.value).toHaveLength(2_000)
    again!.report()
    expect(done).toEqual([
      [1, true],
      [2, true],
    ])
  })

  test('by itself goes without its value, which its header says, and without a backoff', () => {
    const { done, write } = writer(open())
    write(1, large)
    producer.take()[0]!.report(TOO_LARGE)
    producer.take()[0]!.report(TOO_LARGE)
    const [less] = producer.take()
    expect(less!.record.value).toBeNull()
    expect(new Map(less!.record.headers).get('zk.dlt.value.dropped')).toEqual(Buffer.from('2000'))
    expect(new Map(less!.record.headers).get('own')).toEqual(Buffer.from('h'))
    less!.report()
    expect(done).toEqual([[1, true]])
    expect(log.filter(({ level }) => level === 'warn')).toHaveLength(1)
  })

  test('is remembered: others of its size go in batches of their own at once, until one of them is taken', () => {
    const { write } = writer(open())
    write(1, large)
    for (let n = 0; n < 2; n++) producer.take()[0]!.report(TOO_LARGE)
    producer.take()[0]!.report()
    write(2, large)
    const [second] = producer.take()
    expect(second).toMatchObject({ offset: 2, isAlone: true })
    second!.report()
    write(3, large)
    expect(producer.take()).toMatchObject([{ offset: 3, isAlone: false }])
  })

  test('and without its headers, when it has to be', () => {
    const { done, write } = writer(open())
    write(1, large)
    for (let n = 0; n < 3; n++) producer.take()[0]!.report(TOO_LARGE)
    const [less] = producer.take()
    const headers = new Map(less!.record.headers)
    expect(headers.has('own')).toBe(false)
    expect(headers.get('__dlq.errors.topic')).toEqual(Buffer.from('orders'))
    expect(headers.get('zk.dlt.headers.dropped')).toEqual(Buffer.from('1'))
    less!.report()
    expect(done).toEqual([[1, true]])
  })

  test('after that the work stops, and nothing more is tried', async () => {
    const letters = open()
    const { done, write } = writer(letters)
    write(1, large)
    for (let n = 0; n < 4; n++) producer.take()[0]!.report(TOO_LARGE)
    write(2)
    expect(failures).toMatchObject([{ code: 'ZK_DEAD_LETTER_TOO_LARGE', exitCode: 4 }])
    vi.advanceTimersByTime(60_000)
    expect(producer.take()).toEqual([])
    expect(done).toEqual([])
    await letters.close(0)
    expect(done).toEqual([
      [1, false],
      [2, false],
    ])
  })

  test("with oversized 'stop' the work stops, naming the record, and it is not answered", () => {
    const { done, write } = writer(open({ oversized: 'stop' }))
    write(1, large)
    producer.take()[0]!.report(TOO_LARGE)
    expect(failures).toEqual([])
    producer.take()[0]!.report(TOO_LARGE)
    expect(failures).toMatchObject([
      { code: 'ZK_DEAD_LETTER_TOO_LARGE', exitCode: 4, details: { place: 'orders[0]@1' } },
    ])
    expect(failures[0]!.message).toContain('2000 bytes')
    expect(done).toEqual([])
    expect(producer.take()).toEqual([])
  })
})
