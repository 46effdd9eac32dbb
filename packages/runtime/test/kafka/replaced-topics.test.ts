import type { TopicPartition } from '@zk/engine'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { ReplacedTopics, type ReplacedTopicsOptions } from '../../src/kafka/replaced-topics.js'

const PERIOD_MS = 5_000

let ids: Map<string, string> | undefined
let positions: Record<number, number | undefined>
let owned: TopicPartition[]
let asked: number
let replaced: number[]
/** Happens while the answer is on its way. */
let meanwhile: () => void
let watch: ReplacedTopics

beforeEach(() => {
  vi.useFakeTimers()
  ids = new Map([['orders', 'one']])
  positions = { 0: 100, 1: 100 }
  owned = [0, 1].map((partition) => ({ topic: 'orders', partition }))
  asked = 0
  replaced = []
  meanwhile = () => {}
  watch = new ReplacedTopics({
    kafka: { position: () => owned.map((one) => ({ ...one, offset: positions[one.partition] })) },
    native: {
      topicIds: async () => {
        asked++
        meanwhile()
        if (ids === undefined) throw new Error('no answer')
        return ids
      },
    },
    owned: () => owned,
    onReplaced: (partitions: readonly TopicPartition[]) =>
      replaced.push(...partitions.map(({ partition }) => partition)),
  } as unknown as ReplacedTopicsOptions)
})

afterEach(() => {
  watch.stop()
  vi.useRealTimers()
})

const look = () => vi.advanceTimersByTimeAsync(PERIOD_MS)

test('a topic that stays the same is let be', async () => {
  await look()
  positions = { 0: 200, 1: 200 }
  await look()
  expect({ asked, replaced }).toEqual({ asked: 2, replaced: [] })
})

test('another one of its name is told once, for all of its partitions', async () => {
  await look()
  ids = new Map([['orders', 'two']])
  await look()
  await look()
  expect(replaced).toEqual([0, 1])
})

test('a partition that was set back already is let be', async () => {
  await look()
  ids = new Map([['orders', 'two']])
  positions = { 0: 7, 1: 130 }
  await look()
  expect(replaced).toEqual([1])
})

test('a topic that is gone for a while is another one when it comes back', async () => {
  await look()
  ids = new Map()
  owned = []
  await look()
  ids = new Map([['orders', 'two']])
  owned = [{ topic: 'orders', partition: 0 }]
  positions = { 0: 90 }
  watch.assigned(owned)
  await vi.advanceTimersByTimeAsync(0)
  expect(replaced).toEqual([0])
})

test('a partition that is assigned while the answer is on its way is told too', async () => {
  const [first, second] = owned
  owned = [first!]
  await look()
  ids = new Map([['orders', 'two']])
  meanwhile = () => {
    owned = [first!, second!]
  }
  await look()
  expect(replaced).toEqual([0, 1])
})

test('a partition that could not be set to its beginning is told again, until it is', async () => {
  await look()
  ids = new Map([['orders', 'two']])
  await look()
  watch.failed(owned[1]!)
  await look()
  expect(replaced).toEqual([0, 1, 1])
  watch.failed(owned[1]!)
  ids = undefined
  await look()
  ids = new Map([['orders', 'two']])
  await vi.advanceTimersByTimeAsync(2 * PERIOD_MS)
  expect(replaced).toEqual([0, 1, 1, 1])
  await look()
  expect(replaced).toEqual([0, 1, 1, 1])
})

test('one whose position went back although setting it seemed to fail is let be, and so is one that was given back', async () => {
  await look()
  ids = new Map([['orders', 'two']])
  await look()
  for (const partition of owned) watch.failed(partition)
  const [first, second] = owned
  positions = { 0: 3, 1: 100 }
  owned = [first!]
  await look()
  owned = [first!, second!]
  await look()
  expect(replaced).toEqual([0, 1])
})

test('positions that cannot be told are no reason to keep silent', async () => {
  await look()
  ids = new Map([['orders', 'two']])
  positions = {
    get 0(): number {
      throw new Error('Local: Erroneous state')
    },
  }
  await look()
  expect(replaced).toEqual([0, 1])
})

test('where nobody answers it asks less and less often, and at assignments no more', async () => {
  ids = undefined
  await vi.advanceTimersByTimeAsync(15 * PERIOD_MS)
  watch.assigned(owned)
  // After 1, 3, 7 and 15 periods.
  expect(asked).toBe(4)
  ids = new Map([['orders', 'one']])
  await vi.advanceTimersByTimeAsync(17 * PERIOD_MS)
  expect(asked).toBe(6)
})

test('after the end nobody is asked', async () => {
  watch.stop()
  await look()
  expect(asked).toBe(0)
})
