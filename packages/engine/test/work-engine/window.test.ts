import { describe, expect, test } from 'vitest'
import { desk } from '../desk.js'
import { type SyntheticRecord, syntheticBatch } from '../synthetic-batch.js'

const records = (slot: number, count: number): SyntheticRecord[] =>
  Array.from({ length: count }, (_, offset) => ({ slot, offset, hash: 1, key: true, size: 10, timestamp: -1 }))

describe('window', () => {
  test('what does not fit waits, in order, and enters as records end', () => {
    const work = desk({ window: { minMessages: 2, maxMessages: 2, maxBytes: 1_000 } }).start()
    work.read([0, 1, 2, 3])
    expect(work.offsetsSent()).toEqual([0, 1])
    expect(work.engine.demand().records).toBe(0)
    work.ack([1])
    expect(work.offsetsSent()).toEqual([2])
    work.ack([0, 2])
    expect(work.offsetsSent()).toEqual([3])
  })

  test('a record larger than the byte limit goes alone, and those behind it keep their place', () => {
    const work = desk({ window: { minMessages: 8, maxMessages: 8, maxBytes: 100 } }).start()
    work.read([0], { size: 60 })
    work.read([1], { size: 500 })
    work.read([2], { size: 1 })
    expect(work.offsetsSent()).toEqual([0])
    work.ack([0])
    expect(work.offsetsSent()).toEqual([1])
    expect(work.engine.demand()).toEqual({ records: 0, bytes: 0 })
    work.ack([1])
    expect(work.offsetsSent()).toEqual([2])
    expect(work.engine.window.bytes).toBe(1)
  })

  test('asks for nothing while it is nearly full, so that reads stay large', () => {
    const work = desk({ window: { minMessages: 16, maxMessages: 16, maxBytes: 1_000 } }).start()
    expect(work.engine.demand()).toEqual({ records: 16, bytes: 1_000 })
    work.read(Array.from({ length: 15 }, (_, i) => i))
    expect(work.engine.demand().records).toBe(0)
    work.ack([0])
    expect(work.engine.demand()).toEqual({ records: 2, bytes: 986 })
  })

  test('a batch that is still to be opened counts as if it were in', () => {
    const work = desk({ window: { minMessages: 64, maxMessages: 64, maxBytes: 1_000 } }).start(3)
    work.read([0], { slot: 2 })
    work.engine.drain([2], 1_000)
    // Of the first partition more than its share, of the second less, and the third, which has one in, is not read any more.
    const batch = syntheticBatch([...records(0, 20), ...records(1, 3)])
    const demand = work.engine.demand(batch)
    const bySlot = work.engine.window.bySlot(batch)
    expect(demand).toEqual({ records: 27, bytes: 769 })
    expect(bySlot).toEqual(Int32Array.of(20, 3, 1))
    work.engine.records(batch)
    expect(work.engine.demand()).toEqual(demand)
    expect(work.engine.window.bySlot()).toEqual(bySlot)
  })

  test('behind a batch that will nearly fill it, it asks for nothing', () => {
    const work = desk({ window: { minMessages: 16, maxMessages: 16, maxBytes: 1_000 } }).start(2)
    const batch = syntheticBatch(records(0, 11))
    expect(work.engine.demand(batch).records).toBe(0)
    work.engine.records(batch)
    expect(work.engine.demand().records).toBe(4)
  })

  test('one unfinished record stops the reading of its partition at the span limit, and lets it go on below', () => {
    const work = desk({ maxUncommittedRecords: 8 }).start(2)
    work.read([0, 1, 2, 3, 4, 5, 6])
    expect(work.calls()).toEqual([])
    work.read([7])
    expect(work.calls()).toEqual(['pause 0'])
    work.ack([1, 2, 3, 4, 5, 6, 7])
    work.engine.tick(1)
    expect(work.calls()).toEqual([])
    work.ack([0])
    work.engine.tick(2)
    expect(work.calls()).toEqual(['resume 0'])
  })

  test('follows the handlers: it grows while they are fast and returns when they are not', () => {
    const limits = { minMessages: 16, maxMessages: 64, maxBytes: 10_000 }
    const work = desk({ window: limits, threads: 2, concurrency: 2 }).start()
    work.read([0, 1, 2])
    // Four lanes, 20 ms of 2 ms work each.
    work.ack([0, 1], 'done', 0, 2_000)
    expect(work.engine.window.maxMessages).toBe(40)
    work.ack([2], 'done', 0, 1_000_000)
    expect(work.engine.window.maxMessages).toBe(20)
  })

  test('only handlers that ran tell how long handlers take: late and discarded deliveries do not', () => {
    const work = desk({ window: { minMessages: 16, maxMessages: 1_000, maxBytes: 10_000 } }).start()
    work.read([0, 1, 2])
    const ended = work.delivery(0)
    work.ack([0], 'done', 0, 1_000)
    expect(work.engine.window.maxMessages).toBe(20)
    work.ackOf(ended, 'done', 0)
    work.ack([1], 'discarded', 0, 0)
    work.engine.acks(0, new Int32Array(), 0)
    expect(work.engine.window.maxMessages).toBe(20)
    work.ack([2], 'failed', 0, 1_000)
    expect(work.engine.window.maxMessages).toBe(20)
  })
})

test('a slow record does not keep its whole batch in memory', () => {
  const work = desk({ window: { minMessages: 100, maxMessages: 100, maxBytes: 10_000 } }).start()
  const batch = work.read(Array.from({ length: 100 }, (_, i) => i))
  work.ack(Array.from({ length: 99 }, (_, i) => (i < 50 ? i : i + 1)))
  const { ticket } = work.delivery(50)
  work.engine.tick(100)
  expect(work.engine.inFlight.batch[ticket]).toBe(batch)
  work.engine.tick(200)
  expect(work.stores()).toEqual(['store 0/50 and 51,100'])
  const copy = work.engine.inFlight.batch[ticket]!
  expect(copy).not.toBe(batch)
  expect([copy.length, copy.offsets[work.engine.inFlight.index[ticket]!]]).toEqual([1, 50])
  work.ack([50])
  expect(work.stores()).toEqual(['store 0/100'])
  expect(work.isEmpty()).toBe(true)
})
