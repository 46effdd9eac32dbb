import { setTimeout as delay } from 'node:timers/promises'
import { getHeapSpaceStatistics } from 'node:v8'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
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
  collect.mockReset()
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

test('its young generation is small afterwards, though the process goes on allocating', async () => {
  collection.stop()
  collection = new IdleCollection()
  const allocating = setInterval(() => Array.from({ length: 1_000 }, (_, i) => ({ i })), 10)
  for (let i = 0; i < 50 && youngMiB() > 2; i++) {
    await delay(100)
    collection.look()
  }
  clearInterval(allocating)
  expect(youngMiB()).toBeLessThanOrEqual(2)
})

test('a busy one is not', async () => {
  await delay(10)
  for (const until = performance.now() + 40; performance.now() < until; );
  collection.look()
  expect(collect).not.toHaveBeenCalled()
})

describe('an idle process with a small young generation', () => {
  const MIB = 2 ** 20
  let used = 0
  const look = async () => {
    collect.mockClear()
    for (let i = 0; i < 20 && collect.mock.calls.length === 0; i++) {
      await delay(10)
      collection.look()
    }
    return collect.mock.calls.length
  }

  beforeEach(() => {
    collection.stop()
    collection = new IdleCollection(collect, () => ({ young: MIB, used }))
    collect.mockImplementation(() => {
      used = 15 * MIB
    })
  })

  test('is collected once two MiB have come to its heap since the last time, and not before', async () => {
    used = 20 * MIB
    expect(await look()).toBe(1)
    used = 16.9 * MIB
    expect(await look()).toBe(0)
    used = 17 * MIB
    expect(await look()).toBe(1)
  })
})
