import { expect, test } from 'vitest'
import { slope } from '../src/slope.js'

test('of points on a line it is that of the line', () => {
  const line = [1, 2, 4, 8].map((x) => [x, 70 + 12 * x] as const)
  expect(slope(line)).toBeCloseTo(12)
})

test('points beside the line weigh by how far from the middle they are', () => {
  expect(
    slope([
      [0, 0],
      [1, 3],
      [2, 0],
    ]),
  ).toBeCloseTo(0)
  expect(
    slope([
      [0, 0],
      [1, 0],
      [2, 2],
    ]),
  ).toBeCloseTo(1)
})

test('one place has no slope', () => {
  expect(() =>
    slope([
      [1, 5],
      [1, 7],
    ]),
  ).toThrow(RangeError)
})
