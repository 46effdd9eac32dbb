/** A letter is written as it is, in the order of its partition, and answered once. */
import { describe, expect, test, vi } from 'vitest'
import { copied, letter } from '../letters.js'
import { log, offsets, open, producer, REFUSED, writer } from './refusing-topic.js'

test('a letter is answered when it is acknowledged, and not before', () => {
  const letters = open()
  const { done, write } = writer(letters)
  write(1)
  const [sent] = producer.take()
  expect(sent!.record).toMatchObject({ topic: 'orders.dlt', partition: -1, key: Buffer.from('k'), timestamp: 1_000 })
  expect(done).toEqual([])
  sent!.report()
  expect(done).toEqual([[1, true]])
  expect(letters.health()).toMatchObject({
    waiting: 0,
    written: 1,
    refused: 0,
    refusingMs: undefined,
    oldestMs: undefined,
  })
})

test('null key, empty key and a tombstone stay what they are', () => {
  const { write } = writer(open())
  write(1, { record: copied({ key: null, value: null, timestamp: -1 }) })
  write(2, { partition: 1, record: copied({ key: Buffer.alloc(0), value: Buffer.alloc(0) }) })
  const records = producer.take().map(({ record: { key, value, timestamp } }) => ({ key, value, timestamp }))
  // Not by toMatchObject, which takes null for an empty Buffer.
  expect(records).toEqual([
    { key: null, value: null, timestamp: -1 },
    { key: Buffer.alloc(0), value: Buffer.alloc(0), timestamp: expect.any(Number) },
  ])
})

test('the next group of a partition waits for every report of the one before; other partitions do not', () => {
  const { write } = writer(open())
  for (const offset of [1, 2, 3, 4]) write(offset)
  write(9, { partition: 1 })
  const first = producer.take()
  expect(offsets(first)).toEqual([1, 9])
  first[0]!.report()
  const second = producer.take()
  expect(offsets(second)).toEqual([2, 3, 4])
  write(5)
  second[2]!.report()
  second[0]!.report()
  expect(producer.take()).toEqual([])
  second[1]!.report()
  expect(offsets(producer.take())).toEqual([5])
})

describe('a letter that is not wanted any more', () => {
  test('is not tried again, and the next one goes', () => {
    let isOurs = true
    const { done, write } = writer(open(), (offset) => isOurs || offset === 2)
    write(1)
    write(2)
    isOurs = false
    producer.take()[0]!.report(REFUSED)
    vi.advanceTimersByTime(100)
    expect(done).toEqual([[1, false]])
    expect(offsets(producer.take())).toEqual([2])
  })

  test('is let go of at once when that is asked for', () => {
    let isOurs = true
    const letters = open()
    const { done, write } = writer(letters, () => isOurs)
    write(1)
    write(2)
    producer.take()[0]!.report(REFUSED)
    isOurs = false
    letters.dropUnwanted()
    expect(done).toEqual([
      [1, false],
      [2, false],
    ])
    vi.advanceTimersByTime(1_000)
    expect(producer.take()).toEqual([])
  })

  test('whoever hears of it may write another one at once', () => {
    const letters = open()
    const done: number[] = []
    const { write } = writer(letters)
    letters.write(letter({ partition: 0, offset: 1 }), {
      isWanted: () => false,
      done: () => {
        done.push(1)
        write(2)
      },
    })
    expect(done).toEqual([1])
    expect(offsets(producer.take())).toEqual([2])
  })
})

test('headers that the client cannot write are left out, which is said once', () => {
  producer.isPoor = true
  const { done, write } = writer(open())
  for (const offset of [1, 2, 3]) write(offset, { record: copied({ headers: [['trace', null]] }) })
  while (done.length < 3) for (const sent of producer.take()) sent.report()
  expect(log.filter(({ level }) => level === 'warn')).toHaveLength(1)
  expect(log[0]!.message).toContain('zk.dlt.headers.dropped')
})

test('at the end everything is answered once, and nothing is written any more', async () => {
  const letters = open()
  const { done, write } = writer(letters)
  write(1)
  write(2)
  write(3, { partition: 1 })
  const [one, three] = producer.take()
  three!.report(REFUSED)
  await letters.close(100)
  expect(done.sort(([a], [b]) => a - b)).toEqual([
    [1, false],
    [2, false],
    [3, false],
  ])
  one!.report()
  vi.advanceTimersByTime(60_000)
  write(4)
  expect(done.slice(3)).toEqual([[4, false]])
  expect(producer.take()).toEqual([])
})
