import { expect, test } from 'vitest'
import { compare, describe, regressions } from '../src/compare.js'
import { type Result, summarize } from '../src/report.js'

function result(unit: string, ratio: number | null, name = 'a'): Result {
  return { ...summarize({ suite: 's', case: name, unit, values: [100] }), ratio }
}

test('of time a higher ratio is worse, of a rate a lower one', () => {
  expect(compare([result('ns', 1.2)], [result('ns', 1)])[0]?.worse).toBeCloseTo(0.2)
  expect(compare([result('messages/s', 0.8)], [result('messages/s', 1)])[0]?.worse).toBeCloseTo(0.25)
  expect(compare([result('messages/s', 2)], [result('messages/s', 1)])[0]?.worse).toBeCloseTo(-0.5)
})

test('absolute figures are never compared: a case without a ratio on either side is left out', () => {
  expect(compare([result('ns', null)], [result('ns', null)])).toEqual([])
  expect(compare([result('ns', 1)], [result('ns', null)])).toEqual([])
  expect(compare([result('ns', null)], [result('ns', 1)])).toEqual([])
})

test('a case is another when suite, name or unit differ', () => {
  expect(compare([result('ns', 1)], [result('µs', 1), result('ns', 1, 'b')])).toEqual([])
})

test('a regression is worse by more than the tolerance', () => {
  const changes = compare([result('ns', 1.11), result('ns', 1.09, 'b')], [result('ns', 1), result('ns', 1, 'b')])
  expect(regressions(changes, 0.1).map(({ name }) => name)).toEqual(['s a, ns'])
  expect(regressions(changes, 0.2)).toEqual([])
})

test('a ratio that is no number does not pass', () => {
  expect(regressions(compare([result('ns', Number.NaN)], [result('ns', 1)]), 0.1)).toHaveLength(1)
})

test('a change tells both ratios and the direction', () => {
  expect(compare([result('ns', 1.2)], [result('ns', 1)]).map(describe)).toEqual([
    's a, ns: 1.000 → 1.200, 20.0 % worse',
  ])
})
