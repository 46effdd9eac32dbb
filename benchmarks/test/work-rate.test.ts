import { once } from 'node:events'
import type { Work } from '@zk/runtime'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { workRate } from '../src/work-rate.js'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

/** @param processed records that are finished, by the milliseconds since the start */
function workOf(processed: (ms: number) => number): Work {
  const started = performance.now()
  return {
    state: () => ({ counters: { processed: processed(performance.now() - started) } }),
    run: ({ shutdown }: { shutdown: AbortSignal }) => once(shutdown, 'abort'),
  } as unknown as Work
}

test('the rate is that from the end of the warm-up to the last record', async () => {
  const rate = workRate(
    workOf((ms) => (ms < 5_000 ? 0 : (ms - 5_000) / 2)),
    1_000,
    10,
    100,
  )
  await vi.advanceTimersByTimeAsync(10_000)
  expect(await rate).toBeCloseTo(500, 0)
})

test('a work that gets no more records ends with an error that says how far it came', async () => {
  const rate = workRate(
    workOf((ms) => Math.min(Math.floor(ms / 100), 250)),
    777,
    10,
  )
  const told = expect(rate).rejects.toThrow('no record was finished for 30 s, after 250 of 777')
  await vi.advanceTimersByTimeAsync(56_000)
  await told
})

test('a work that gets no record at all ends with an error', async () => {
  const told = expect(
    workRate(
      workOf(() => 0),
      777,
      10,
    ),
  ).rejects.toThrow('for 30 s, after 0 of 777')
  await vi.advanceTimersByTimeAsync(31_000)
  await told
})

test('a slow work is no error as long as records are finished', async () => {
  const rate = workRate(
    workOf((ms) => Math.floor(ms / 25_000)),
    4,
    10,
  )
  await vi.advanceTimersByTimeAsync(101_000)
  expect(await rate).toBeCloseTo(0.04, 3)
})
