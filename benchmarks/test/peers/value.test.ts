import { expect, test } from 'vitest'
import { jsonValue } from '../../src/peers/value.js'

test('a value is JSON of exactly so many bytes, and its parts stand where programs in Java look for them', () => {
  const value = jsonValue(12_345, 200, 1_763_000_000_123.5)
  expect(value).toHaveLength(200)
  expect(JSON.parse(value.toString())).toMatchObject({ i: '00012345', t: '1763000000123500' })
  expect(value.subarray(6, 14).toString()).toBe('00012345')
  expect(value.subarray(21, 37).toString()).toBe('1763000000123500')
})
