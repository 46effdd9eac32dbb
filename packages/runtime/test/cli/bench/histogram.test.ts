import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Histogram } from '../../../src/cli/bench/histogram.js'

test('a percentile is within 2 % of the exact one, whatever the values', () => {
  const values = fc.array(fc.integer({ min: 0, max: 2 ** 31 - 1 }), { minLength: 1, maxLength: 200 })
  fc.assert(
    fc.property(values, fc.double({ min: 0, max: 1, noNaN: true }), (all, share) => {
      const histogram = new Histogram()
      for (const value of all) histogram.add(value)
      const sorted = [...all].sort((a, b) => a - b)
      const exact = sorted[Math.max(1, Math.ceil(share * all.length)) - 1]!
      expect(Math.abs(histogram.percentile(share) - exact)).toBeLessThanOrEqual(0.02 * exact)
    }),
  )
})

test('counts, sum and mean are exact; cleared it is empty', () => {
  const histogram = new Histogram()
  for (const value of [0.5, 1, 100, 1e12]) histogram.add(value)
  expect(histogram.count).toBe(4)
  expect(histogram.mean * histogram.count).toBe(1e12 + 101.5)
  expect(histogram.mean).toBe((1e12 + 101.5) / 4)
  histogram.clear()
  expect([histogram.count, histogram.mean, histogram.percentile(0.5)]).toEqual([0, 0, 0])
})
