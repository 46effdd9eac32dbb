import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ConcurrencyLimit, MAX_BUSY } from '../src/concurrency-limit.js'
import { type Behaviour, Bench, best, computing, type Downstream, noiseOf, pool, throughput } from './downstream.js'

const MAX = 1_000

/** Of the decisions from `from` on: mean throughput at the limits that were in use, as a share of the best. */
function share(bench: Bench, downstream: Downstream, from: number): number {
  const limits = bench.limits.slice(from)
  const mean = limits.reduce((sum, lanes) => sum + throughput(downstream, lanes), 0) / limits.length
  return mean / best(downstream, MAX)
}

describe('ConcurrencyLimit', () => {
  test.each([3, 10, 40, 100, 333, 900])(
    'a pool of %i is within 25 %% of its best throughput after 16 decisions, and over the next 200 within 10 %%',
    (capacity) => {
      const bench = new Bench(MAX)
      bench.decide(16, pool(capacity))
      expect(throughput(pool(capacity), bench.limit.current)).toBeGreaterThanOrEqual(0.75 * best(pool(capacity), MAX))
      bench.decide(200, pool(capacity))
      expect(share(bench, pool(capacity), 16)).toBeGreaterThan(0.9)
    },
  )

  test.each([10, 40, 100, 333])(
    'at a pool of %i it stays between 0.6 and 1.6 × as many handlers once it has settled, and moves in one decision of five at most',
    (capacity) => {
      const bench = new Bench(MAX)
      bench.decide(60, pool(capacity))
      bench.decide(200, pool(capacity))
      const settled = bench.limits.slice(60)
      expect(Math.min(...settled)).toBeGreaterThanOrEqual(Math.floor(0.6 * capacity))
      expect(Math.max(...settled)).toBeLessThanOrEqual(Math.ceil(1.6 * capacity))
      const moves = bench.decisions.slice(60).filter(({ from, to }) => from !== to)
      expect(moves.length).toBeLessThanOrEqual(40)
    },
  )

  test('times that differ by 5 % from look to look change nothing of that, whatever the seed', () => {
    const capacity = 100
    const shares = Array.from({ length: 50 }, (_, seed) => {
      const noise = noiseOf(seed)
      const bench = new Bench(MAX)
      bench.decide(40, pool(capacity), () => 0.05 * noise())
      bench.decide(200, pool(capacity), () => 0.05 * noise())
      expect(Math.max(...bench.limits.slice(40))).toBeLessThanOrEqual(2.5 * capacity)
      return share(bench, pool(capacity), 40)
    })
    expect(Math.min(...shares)).toBeGreaterThan(0.75)
  })

  test('where nothing is full and the loop has time, it reaches its maximum in as many decisions as there are doublings', () => {
    const bench = new Bench(MAX)
    bench.decide(10, pool(1_000_000, 5, 0.0001))
    expect(bench.limit.current).toBe(MAX)
  })

  test('handlers that compute stay alone', () => {
    const bench = new Bench(MAX)
    bench.decide(100, computing(1, 0))
    expect(Math.max(...bench.limits)).toBe(1)
    expect(bench.decisions.at(-1)).toMatchObject({ why: 'loop-busy', resting: true })
  })

  test('handlers that compute and wait are as many as keep the loop busy', () => {
    const downstream = computing(1, 9)
    const bench = new Bench(MAX)
    bench.decide(30, downstream)
    bench.decide(100, downstream)
    expect(share(bench, downstream, 30)).toBeGreaterThan(0.85)
    expect(Math.max(...bench.limits.slice(30))).toBeLessThanOrEqual(20)
  })

  test('handlers that begin to compute bring it down, although each of its steps would lose nothing', () => {
    const bench = new Bench(MAX)
    bench.decide(20, pool(1_000_000, 5, 0.0001))
    expect(bench.limit.current).toBe(MAX)
    bench.decide(80, computing(5, 0))
    expect(bench.limit.current).toBeLessThanOrEqual(10)
  })

  test('a pool that shrinks to a half has the limit near it within 10 decisions', () => {
    const bench = new Bench(MAX)
    bench.decide(60, pool(200))
    bench.decide(10, pool(100))
    expect(bench.limit.current).toBeLessThanOrEqual(160)
    expect(throughput(pool(100), bench.limit.current)).toBeGreaterThanOrEqual(0.75 * best(pool(100), MAX))
  })

  test('a pool that grows fourfold is used to three quarters within 60 decisions', () => {
    const bench = new Bench(MAX)
    bench.decide(60, pool(50))
    bench.decide(60, pool(200))
    expect(throughput(pool(200), bench.limit.current)).toBeGreaterThanOrEqual(0.75 * best(pool(200), MAX))
  })

  test('a service that becomes slower for good, and no narrower, keeps its handlers', () => {
    const bench = new Bench(MAX)
    bench.decide(60, pool(100, 5))
    bench.decide(20, pool(100, 20))
    bench.decide(60, pool(100, 20))
    expect(share(bench, pool(100, 20), 80)).toBeGreaterThan(0.85)
  })

  test('while all attempts fail it falls, and it comes back with them', () => {
    const bench = new Bench(MAX)
    bench.decide(40, pool(100))
    const before = bench.limit.current
    bench.decide(80, (lanes) => ({ ...pool(100)(lanes), failing: 1 }))
    expect(bench.limit.current).toBeLessThan(before / 2)
    bench.decide(100, pool(100))
    expect(throughput(pool(100), bench.limit.current)).toBeGreaterThanOrEqual(0.75 * best(pool(100), MAX))
  })

  test('it does not rise where lanes stand empty, by ends that nobody follows or by time that nobody fills', () => {
    const starved: Behaviour[] = [
      { handlerMs: 5, busy: 0.1, followed: 0.5 },
      { handlerMs: 5, busy: 0.1, inProgress: 0.3 },
    ]
    for (const behaviour of starved) {
      const bench = new Bench(MAX)
      for (let i = 0; i < 100; i++) bench.tick(() => behaviour)
      expect(bench.limit.current).toBe(1)
    }
  })

  test('a limit that was tried and that the records do not fill is taken back', () => {
    const bench = new Bench(MAX)
    // Twenty different keys, and no more.
    const downstream: Downstream = (lanes) => ({
      handlerMs: 5,
      busy: 0.1,
      inProgress: Math.min(lanes, 20),
      followed: lanes > 20 ? 0 : 1,
    })
    for (let i = 0; i < 400; i++) bench.tick(downstream)
    expect(bench.limit.current).toBeGreaterThanOrEqual(15)
    expect(bench.limit.current).toBeLessThanOrEqual(25)
  })

  test('a thread that stands idle does not keep the others from more', () => {
    const limit = new ConcurrencyLimit(MAX)
    const idle = { ended: 0, succeeded: 0, spentMs: 0, followed: 0, activeMs: 0, idleMs: 0 }
    let ended = 0
    for (let now = 100; now < 5_000; now += 100) {
      ended += limit.current * 20
      const own = { ended, succeeded: ended, spentMs: ended * 5, followed: ended, activeMs: 0, idleMs: now }
      limit.look(now, [own, { ...idle, idleMs: now }, undefined])
    }
    expect(limit.current).toBeGreaterThan(100)
  })

  test('a thread that is replaced begins anew, and what its predecessor had counted is no measurement', () => {
    const limit = new ConcurrencyLimit(MAX)
    const of = (ended: number) => ({ ended, succeeded: ended, spentMs: ended, followed: ended, activeMs: 0, idleMs: 1 })
    limit.look(100, [of(1_000_000)])
    limit.look(200, [of(1_000_002)])
    // Its window was open.
    expect(limit.look(300, [of(10)])).toBeUndefined()
    expect(limit.look(400, [of(12)])).toBeUndefined()
    expect(limit.look(410, [of(22)])).toMatchObject({ from: 1, to: 2, handlerMs: 1 })
  })

  test('while the loop is busy a lower limit that was tried is kept, although it loses throughput', () => {
    const bench = new Bench(64)
    bench.decide(20, pool(1_000_000, 5, 0.0001))
    expect(bench.limit.current).toBe(64)
    bench.decide(100, () => ({ handlerMs: 5, busy: 0.95 }))
    expect(bench.limit.current).toBe(1)
  })

  test('a lower limit that was tried and whose lanes stand empty is enough', () => {
    const bench = new Bench(50)
    const downstream = pool(1_000_000, 5, 0.0001)
    while (bench.decisions.at(-1)?.why !== 'fewer') bench.tick(downstream)
    const tried = bench.limit.current
    expect(tried).toBe(40)
    for (let i = 0; i < 10; i++) bench.tick((lanes) => ({ ...downstream(lanes), followed: 0 }))
    expect(bench.limit.current).toBe(tried)
  })

  test('steps double for as long as they pay', () => {
    const bench = new Bench(MAX)
    bench.decide(60, pool(50))
    const before = bench.limits.length
    bench.decide(60, pool(1_000_000, 5, 0.0001))
    const later = bench.limits.slice(before)
    const rising = later.slice(0, later.indexOf(MAX)).filter((lanes) => lanes > 80)
    expect(rising.length).toBeLessThanOrEqual(5)
    expect(later).toContain(MAX)
  })

  test('what began under the limit before does not count: as many ends as there are lanes go by first', () => {
    const limit = new ConcurrencyLimit(MAX)
    let totals = { ended: 0, succeeded: 0, spentMs: 0, followed: 0, activeMs: 0, idleMs: 0 }
    let now = 0
    const step = (ends: number, ms: number) => {
      now += 100
      const { ended, spentMs, idleMs } = totals
      const all = ended + ends
      totals = {
        ...totals,
        ended: all,
        succeeded: all,
        followed: all,
        spentMs: spentMs + ends * ms,
        idleMs: idleMs + 100,
      }
      return limit.look(now, [totals])
    }
    step(20, 5)
    step(20, 5)
    expect(step(20, 5)).toMatchObject({ from: 1, to: 2 })
    expect([step(1, 5), step(1, 2_000)]).toEqual([undefined, undefined])
    expect(step(40, 5)).toMatchObject({ from: 2, to: 4, handlerMs: 5 })
  })

  test('handlers that take minutes are waited for', () => {
    const bench = new Bench(MAX)
    for (let i = 0; i < 600; i++) bench.tick(() => ({ handlerMs: 300_000, busy: 0 }))
    expect(bench.decisions).toEqual([])
    expect(bench.limit.current).toBe(1)
  })

  const world = fc.record({
    handlerMs: fc.double({ min: 0.001, max: 10_000, noNaN: true }),
    busy: fc.double({ min: 0, max: 1, noNaN: true }),
    failing: fc.double({ min: 0, max: 1, noNaN: true }),
    followed: fc.constantFrom(0, 0.5, 1),
  })

  test('whatever happens it stays between 1 and its maximum', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 500 }), fc.array(world, { maxLength: 300 }), (max, worlds) => {
        const bench = new Bench(max, 2)
        for (const one of worlds) {
          bench.tick(() => one)
          expect(bench.limit.current).toBeGreaterThanOrEqual(1)
          expect(bench.limit.current).toBeLessThanOrEqual(max)
          expect(Number.isInteger(bench.limit.current)).toBe(true)
        }
      }),
      { seed: 20_261_126, numRuns: 300 },
    )
  })

  test('whatever happens it never rises while the loop is busier than nine tenths', () => {
    fc.assert(
      fc.property(fc.array(world, { minLength: 50, maxLength: 300 }), (worlds) => {
        const bench = new Bench(500)
        for (const one of worlds) {
          const decision = bench.tick(() => ({ ...one, handlerMs: one.handlerMs / 1_000 }))
          if (decision !== undefined && decision.busy >= MAX_BUSY)
            expect(decision.to).toBeLessThanOrEqual(decision.from)
        }
      }),
      { seed: 20_261_126, numRuns: 300 },
    )
  })
})
