import { expect, test } from 'vitest'
import { roughSize } from '../src/rough-size.js'

test.each<[unknown, number]>([
  ['abc', 3],
  [Buffer.alloc(1_000), 1_000],
  [7n, 8],
  [{ name: 'abcd', parts: [Buffer.alloc(10), null] }, 38],
])('%o', (value, size) => {
  expect(roughSize(value)).toBe(size)
})

test('what has no end is not looked at for ever', () => {
  const ring: { next?: object } = {}
  ring.next = ring
  expect(roughSize(ring)).toBeGreaterThan(10_000)
})
