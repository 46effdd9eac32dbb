import { expect, test } from 'vitest'
import { FloodGuard } from '../src/flood-guard.js'

function outcomes(guard: FloodGuard, count: number, isDeadLetter: (i: number) => boolean): number | undefined {
  for (let i = 0; i < count; i++) if (guard.record(isDeadLetter(i))) return i
  return undefined
}

test('the first failures of a work are no flood: it waits for a hundred outcomes', () => {
  const guard = new FloodGuard({ maxRatio: 0.5, window: 1_000 })
  expect(outcomes(guard, 200, () => true)).toBe(99)
})

test('a window smaller than that has to be full', () => {
  expect(outcomes(new FloodGuard({ maxRatio: 0.5, window: 10 }), 200, () => true)).toBe(9)
})

test('exactly as many as are allowed are allowed', () => {
  const guard = new FloodGuard({ maxRatio: 0.1, window: 100 })
  expect(outcomes(guard, 10_000, (i) => i % 10 === 0)).toBeUndefined()
  expect(guard.counts).toEqual({ outcomes: 100, letters: 10 })
})

test('one more than that trips it, at once', () => {
  const guard = new FloodGuard({ maxRatio: 0.1, window: 100 })
  expect(outcomes(guard, 100, (i) => i % 10 === 9)).toBeUndefined()
  expect(guard.record(false)).toBe(false)
  expect(guard.record(true)).toBe(true)
})

test('what lies behind the window is forgotten', () => {
  const guard = new FloodGuard({ maxRatio: 0.2, window: 100 })
  outcomes(guard, 100, (i) => i < 20)
  expect(outcomes(guard, 100, () => false)).toBeUndefined()
  expect(guard.counts).toEqual({ outcomes: 100, letters: 0 })
  expect(outcomes(guard, 20, () => true)).toBeUndefined()
  expect(guard.record(true)).toBe(true)
})

test('with 0 the first one after the hundred trips it, with 1 none does', () => {
  expect(outcomes(new FloodGuard({ maxRatio: 0, window: 500 }), 1_000, (i) => i === 150)).toBe(150)
  expect(outcomes(new FloodGuard({ maxRatio: 1, window: 500 }), 1_000, () => true)).toBeUndefined()
})

test('it counts as a list of the latest outcomes would', () => {
  const guard = new FloodGuard({ maxRatio: 0.4, window: 37 })
  const list: boolean[] = []
  let state = 12_345
  for (let i = 0; i < 5_000; i++) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff
    const isDeadLetter = state % 100 < 38
    list.push(isDeadLetter)
    const latest = list.slice(-37)
    const letters = latest.filter(Boolean).length
    const expected = isDeadLetter && latest.length === 37 && letters > 0.4 * 37
    expect(guard.record(isDeadLetter)).toBe(expected)
    expect(guard.counts).toEqual({ outcomes: latest.length, letters })
  }
})
