import { describe, expect, test } from 'vitest'
import { desk } from '../desk.js'

const window = { minMessages: 8, maxMessages: 8, maxBytes: 1_000 }
const numbers = (count: number) => Array.from({ length: count }, (_, i) => i)

describe('a partition whose handlers are stuck', () => {
  test('fills the window but for the share of the others, and these go on', () => {
    const work = desk({ window }).start(2)
    work.read(numbers(8))
    expect(work.sent()).toHaveLength(6)
    work.read([0, 1, 2], { slot: 1 })
    expect(work.sent().map(({ slot, offset }) => [slot, offset])).toEqual([
      [1, 0],
      [1, 1],
    ])
    work.ack([0], 'done', 1)
    expect(work.sent()).toMatchObject([{ slot: 1, offset: 2 }])
  })

  test('is not read any more while its records wait, and the others are, in parts no larger than their share', () => {
    const work = desk({ window }).start(2)
    work.read(numbers(8))
    expect(work.engine.demand().records).toBe(0)
    work.engine.tick(100)
    expect(work.calls()).toEqual([])
    work.engine.tick(200)
    expect(work.calls()).toEqual(['pause 0'])
    expect(work.engine.demand()).toEqual({ records: 2, bytes: 250 })
    work.ack([0])
    expect(work.calls()).toEqual([])
    work.ack([1])
    // At once: it would run out of work until the next tick.
    expect(work.calls()).toEqual(['resume 0'])
  })

  test('leaves each of the others one message in a window that is smaller than two for each', () => {
    const small = { minMessages: 4, maxMessages: 4, maxBytes: 1_000 }
    const work = desk({ window: small }).start(3)
    work.read(numbers(4))
    expect(work.sent()).toHaveLength(2)
    work.engine.tick(100)
    work.engine.tick(200)
    expect(work.engine.demand().records).toBe(1)
    work.read([0], { slot: 1 })
    work.read([0], { slot: 2 })
    expect(work.sent().map(({ slot }) => slot)).toEqual([1, 2])
  })

  test('leaves the others their bytes as well', () => {
    const work = desk({ window }).start(2)
    work.read([0, 1, 2, 3], { size: 250 })
    expect(work.offsetsSent()).toEqual([0, 1, 2])
    work.read([0, 1], { slot: 1, size: 125 })
    expect(work.sent()).toHaveLength(2)
  })

  test('leaves the others their share when the window shrinks below what it holds', () => {
    const work = desk({ window: { minMessages: 4, maxMessages: 16, maxBytes: 1_000 } }).start(2)
    work.read([0])
    work.ack([0], 'done', 0, 0)
    work.read([1])
    work.ack([1], 'done', 0, 0)
    work.read(numbers(20).map((offset) => offset + 2))
    expect(work.sent()).toHaveLength(14)
    for (const offset of [2, 3, 4]) work.ack([offset], 'done', 0, 1_000_000)
    expect(work.engine.window.maxMessages).toBe(4)
    work.read([0, 1], { slot: 1 })
    expect(work.sent()).toMatchObject([{ slot: 1, offset: 0 }])
  })

  test('has no share any more when it is given back', () => {
    const work = desk({ window }).start(2)
    work.engine.drain([1], 1_000)
    work.read(numbers(8))
    expect(work.sent()).toHaveLength(8)
  })
})

test('a record larger than its share does not wait for the shares of others, which are idle', () => {
  const work = desk({ window }).start(2)
  work.read([0])
  work.read([0], { slot: 1, size: 800 })
  expect(work.sent().map(({ slot }) => slot)).toEqual([0, 1])
})

test('a record larger than its share is let in before what comes behind it', () => {
  const work = desk({ window }).start(2)
  work.read([0, 1, 2], { size: 250 })
  expect(work.offsetsSent()).toEqual([0, 1, 2])
  work.read([0], { slot: 1, size: 400 })
  work.read([3], { size: 1 })
  // It would fit, but then the large one might wait for ever.
  expect(work.offsetsSent()).toEqual([])
  work.ack([0])
  expect(work.sent().map(({ slot, offset }) => [slot, offset])).toEqual([
    [1, 0],
    [0, 3],
  ])
})
