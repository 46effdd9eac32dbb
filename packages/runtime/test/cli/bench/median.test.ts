import { expect, test } from 'vitest'
import { median } from '../../../src/cli/bench/median.js'

test('of an even number of values it lies between the two in the middle, and their order is left alone', () => {
  const values = [4, 1, 2, 3]
  expect([median([3, 1, 2]), median(values)]).toEqual([2, 2.5])
  expect(values).toEqual([4, 1, 2, 3])
})
