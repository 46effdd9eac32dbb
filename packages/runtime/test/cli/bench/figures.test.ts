import { expect, test } from 'vitest'
import {
  byConcurrency,
  concurrencyText,
  efficiency,
  failsMore,
  gain,
  lanesEach,
  pointOf,
} from '../../../src/cli/bench/figures.js'
import { point, run } from './points.js'

test('a point has the median of each figure by itself, and the range of its throughput', () => {
  const runs = [
    run({ perSecond: 900, busy: [0.9, 0.1], handlerP50Us: 30, endToEndP50Ms: 5 }),
    run({ perSecond: 1_100, busy: [0.7, 0.2], handlerP50Us: 10, endToEndP50Ms: undefined }),
    run({ perSecond: 1_000, busy: [0.8, 0.6], handlerP50Us: 20, endToEndP50Ms: 7, failed: 3 }),
  ]
  expect(pointOf({ speedup: 2, concurrency: 1 }, runs)).toMatchObject({
    ...{ runs: 3, perSecond: 1_000, minPerSecond: 900, maxPerSecond: 1_100, messages: 3_000, failed: 3 },
    ...{ busy: [0.8, 0.2], handlerP50Us: 20, endToEndP50Ms: 6 },
  })
})

test('without any measured latency a point has none', () => {
  expect(point(1, 1, { endToEndP99Ms: undefined }).endToEndP99Ms).toBeUndefined()
})

test('efficiency is what each thread more has brought, at the same concurrency', () => {
  const points = [
    point(2, 1, { perSecond: 1_000 }),
    point(2, 16, { perSecond: 9_000 }),
    point(4, 1, { perSecond: 1_500 }),
    point(4, 64, { perSecond: 9_000 }),
  ]
  expect(points.map((one) => efficiency(one, points))).toEqual([1, undefined, 0.75, undefined])
  expect(points.map((one) => gain(one, points[0]!))).toEqual([1, 9, 1.5, 9])
})

test("concurrency 'auto' stands behind all numbers, and is told with what it came to", () => {
  expect(([16, 'auto', 1_024, 4] as const).toSorted(byConcurrency)).toEqual([4, 16, 1_024, 'auto'])
  const auto = pointOf({ speedup: 1, concurrency: 'auto' }, [run({ autoLanes: 80 }), run({ autoLanes: 112 })])
  expect([concurrencyText(auto), lanesEach(auto)]).toEqual(['auto (96)', 96])
  expect([concurrencyText(point(1, 16)), lanesEach(point(1, 16))]).toEqual(['16', 16])
})

test('more messages fail only where chance does not explain it: a failure or two of few messages say nothing', () => {
  const of = (failed: number, messages: number) => ({ failed, messages })
  // Of the same 3 %, drawn now and then.
  for (const [one, other] of [
    [of(13, 240), of(5, 240)],
    [of(118, 3_800), of(22, 950)],
    [of(2, 100), of(0, 250)],
  ] as const)
    expect([failsMore(one, other), failsMore(other, one)]).toEqual([false, false])
  expect(failsMore(of(1_000, 1_000), of(600, 1_000))).toBe(true)
  expect(failsMore(of(0, 1_000), of(600, 1_000))).toBe(false)
  // What 1,000 messages cannot tell, 100,000 do.
  expect(failsMore(of(5, 1_000), of(0, 1_000))).toBe(false)
  expect(failsMore(of(500, 100_000), of(0, 100_000))).toBe(true)
  expect(failsMore(of(5, 1_000), of(0, 0))).toBe(false)
})
