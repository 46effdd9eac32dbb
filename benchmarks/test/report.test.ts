import { expect, test } from 'vitest'
import { percentile } from '../src/percentile.js'
import { summarize } from '../src/report.js'

test('a ratio is the median over pairs, not the ratio of the medians', () => {
  const { ratio, value, baseline } = summarize({
    suite: 's',
    case: 'c',
    unit: 'ns',
    values: [10, 40, 30],
    baselines: [10, 10, 30],
  })
  expect({ ratio, value, baseline }).toEqual({ ratio: 1, value: 30, baseline: 10 })
})

test('percentiles are values that were measured', () => {
  const values = Float64Array.from({ length: 100 }, (_, i) => 100 - i)
  expect(percentile(values, 0.5)).toBe(50)
  expect(percentile(values, 0.99)).toBe(99)
  expect(percentile([7], 0.5)).toBe(7)
  expect(() => percentile([], 0.5)).toThrow(RangeError)
})
