import { expect, test } from 'vitest'
import { zipfKeys, zipfShares } from '../src/zipf.js'

test('shares add up to 1 and fall by the power of their rank', () => {
  const shares = zipfShares(1_000, 1.2)
  expect(shares.reduce((a, b) => a + b, 0)).toBeCloseTo(1)
  expect(shares[0]! / shares[9]!).toBeCloseTo(10 ** 1.2)
})

test('with exponent 1 the hottest of 1,000 keys has 0.1336 of all', () => {
  expect(zipfShares(1_000, 1)[0]).toBeCloseTo(0.1336, 4)
})

test('drawn keys have their shares, and are the same each time', () => {
  const drawn = zipfKeys(1_000, 1, 100_000)
  const of = (key: number) => drawn.filter((other) => other === key).length / drawn.length
  const shares = zipfShares(1_000, 1)
  for (const key of [0, 1, 9]) expect(of(key)).toBeCloseTo(shares[key]!, 2)
  expect(Math.max(...drawn)).toBeLessThan(1_000)
  expect(zipfKeys(1_000, 1, 100)).toEqual(drawn.slice(0, 100))
})
