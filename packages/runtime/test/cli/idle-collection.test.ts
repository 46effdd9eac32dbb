import { setTimeout as delay } from 'node:timers/promises'
import { getHeapSpaceStatistics } from 'node:v8'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { IdleCollection } from '../../src/cli/idle-collection.js'

const kept: object[] = []
const youngMiB = () =>
  getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space')!.physical_space_size / 2 ** 20

/** So much survives each collection that the young generation grows. */
function growYoung() {
  for (let i = 0; youngMiB() <= 4 && i < 100; i++) {
    kept.length = 0
    for (let j = 0; j < 50_000; j++) kept.push({ j })
  }
  expect(youngMiB()).toBeGreaterThan(4)
}

const collect = vi.fn()
let collection: IdleCollection

beforeEach(() => {
  collect.mockClear()
  growYoung()
  collection = new IdleCollection(collect)
})
afterEach(() => collection.stop())

test('an idle process whose young generation has grown is collected', async () => {
  // Whatever keeps this process busy meanwhile comes to its end.
  for (let i = 0; i < 50 && collect.mock.calls.length === 0; i++) {
    await delay(100)
    collection.look()
  }
  expect(collect).toHaveBeenCalledTimes(1)
})

test('a busy one is not', async () => {
  await delay(10)
  for (const until = performance.now() + 40; performance.now() < until; );
  collection.look()
  expect(collect).not.toHaveBeenCalled()
})
