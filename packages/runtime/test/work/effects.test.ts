import { expect, test } from 'vitest'
import { split } from '../../src/work/effects.js'

const MIB = 1024 * 1024
const parts = (sizes: readonly number[]) =>
  [
    ...split(
      Int32Array.from(sizes.keys()),
      sizes.map((mib) => mib * MIB),
    ),
  ].map((part) => [...part])

test('what is too much for one frame goes in several, in order; a large record alone', () => {
  expect(parts([100, 100, 56, 1, 300, 2])).toEqual([[0, 1, 2], [3], [4], [5]])
  expect(parts([1_024])).toEqual([[0]])
})
