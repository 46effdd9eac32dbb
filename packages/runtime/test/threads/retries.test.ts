import fc from 'fast-check'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { backoffMs, ParkedRecords } from '../../src/threads/retries.js'

beforeEach(() => void vi.useFakeTimers({ toFake: ['performance', 'setTimeout', 'clearTimeout'] }))
afterEach(() => void vi.useRealTimers())

const policy = { attempts: 9, backoffMs: 100, maxBackoffMs: 1_000, jitter: 0.5 }

test('the backoff doubles with each attempt, up to its cap, and chance takes its share of it', () => {
  expect([1, 2, 3, 4, 5, 60, 2_000].map((attempt) => backoffMs(policy, attempt, 0))).toEqual([
    100, 200, 400, 800, 1_000, 1_000, 1_000,
  ])
  expect([0, 0.5, 1].map((random) => backoffMs(policy, 1, random))).toEqual([100, 75, 50])
  expect(backoffMs({ ...policy, jitter: 0 }, 2, 0.9)).toBe(200)
})

test('without a backoff the next attempt is due at once, whatever its number', () => {
  for (const attempt of [1, 1_025, 9_999]) expect(backoffMs({ ...policy, backoffMs: 0 }, attempt, 0.5)).toBe(0)
})

test('records come back when they are due, the earliest first, as often as others come and go', () => {
  const step = fc.record({ ticket: fc.nat(15), inMs: fc.nat(50), passes: fc.nat(20), removes: fc.boolean() })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
      const model = new Map<number, number>()
      const take = () => {
        const now = performance.now()
        for (let ticket = parked.takeDue(now); ticket >= 0; ticket = parked.takeDue(now)) {
          expect(model.get(ticket)).toBe(Math.min(...model.values()))
          expect(model.get(ticket)!).toBeLessThanOrEqual(now)
          model.delete(ticket)
        }
        expect(Math.min(...model.values())).toBeGreaterThan(now)
      }
      const parked = new ParkedRecords(16, take)
      for (const { ticket, inMs, passes, removes } of steps) {
        if (removes) {
          const gone = parked.remove((one) => one % 3 === ticket % 3)
          expect(new Set(gone)).toEqual(new Set([...model.keys()].filter((one) => one % 3 === ticket % 3)))
          for (const one of gone) model.delete(one)
        } else if (!model.has(ticket)) {
          model.set(ticket, performance.now() + inMs)
          parked.add(ticket, performance.now() + inMs)
        }
        expect(parked.earliest).toBe(Math.min(...model.values()))
        // By its timer alone.
        vi.advanceTimersByTime(passes)
        for (const due of model.values()) expect(due).toBeGreaterThanOrEqual(performance.now() - 1)
      }
      vi.advanceTimersByTime(100)
      expect(model.size).toBe(0)
    }),
  )
})

test('a timer that comes a little early loses nobody, however the clock moves on meanwhile', () => {
  const taken: number[] = []
  const parked = new ParkedRecords(4, () => taken.push(parked.takeDue(performance.now())))
  const own = vi.spyOn(performance, 'now')
  const begin = performance.now()
  parked.add(1, begin + 10)
  // It fires at 10 by the timer's clock, when the other shows less, and then a little more.
  own.mockReturnValueOnce(begin + 9.9)
  vi.advanceTimersByTime(10)
  own.mockRestore()
  vi.advanceTimersByTime(5)
  expect(taken).toEqual([1])
})

test('what is due and may not start yet does not wake its thread again and again', () => {
  const wake = vi.fn()
  const parked = new ParkedRecords(4, wake)
  parked.add(1, performance.now() + 10)
  vi.advanceTimersByTime(1_000)
  expect(wake).toHaveBeenCalledTimes(1)
  parked.add(2, performance.now() + 10)
  expect(parked.takeDue(performance.now())).toBe(1)
  vi.advanceTimersByTime(11)
  expect(wake).toHaveBeenCalledTimes(2)
})
