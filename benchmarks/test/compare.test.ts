import { expect, test } from 'vitest'
import { compare as compareAll, describe, type Measured, regressions } from '../src/compare.js'
import { type Header, headerOf } from '../src/header.js'
import { summarize } from '../src/report.js'

const usual = headerOf('s', '200-byte values', undefined, "the suite's own")

function result(unit: string, ratio: number | null, name = 'a', header: Header | undefined = usual): Measured {
  return { ...summarize({ suite: 's', case: name, unit, values: [100] }), ratio, header }
}

const compare = (...results: Parameters<typeof compareAll>) => compareAll(...results).changes
const leftOut = (...results: Parameters<typeof compareAll>) => compareAll(...results).leftOut

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

test.each([
  [
    'broker',
    headerOf('s', '200-byte values', 'kafka:9092', "the suite's own"),
    'broker embedded, in the process of the suite before, a given one now',
  ],
  [
    'payload',
    headerOf('s', '1 KiB values', undefined, "the suite's own"),
    'payload 200-byte values before, 1 KiB values now',
  ],
  ['messages', headerOf('s', '200-byte values', undefined, 1_000), "messages the suite's own before, 1000 now"],
])('where the header says another %s, ratios are not compared, and it is told why', (_, header, why) => {
  const now = [result('ns', 1, 'a', header), result('µs', 1, 'b', header)]
  const before = [result('ns', 1), result('µs', 1, 'b')]
  expect(compareAll(now, before)).toEqual({ changes: [], leftOut: [`s is not compared, ${why}: a, ns; b, µs`] })
})

test('machine, versions and addresses of the broker may be others', () => {
  const header = headerOf('s', 'x', 'kafka:9092', 5)
  const elsewhere = { ...header, machine: '64 × fast', versions: 'Node 99', broker: 'other:9092', at: 'tomorrow' }
  expect(compare([result('ns', 1, 'a', header)], [result('ns', 1, 'a', elsewhere)])).toHaveLength(1)
})

test('of several earlier results the last under the same conditions counts', () => {
  const other = { ...usual, messages: 5 }
  const before = [result('ns', 1), result('ns', 2), result('ns', 3, 'a', other)]
  expect(compareAll([result('ns', 4)], before)).toMatchObject({ changes: [{ before: 2 }], leftOut: [] })
})

test('what was measured before headers told the messages, or without a header, is not compared', () => {
  const { messages: _, ...old } = usual
  expect(leftOut([result('ns', 1)], [result('ns', 1, 'a', old)])).toEqual([
    "s is not compared, messages not told before, the suite's own now: a, ns",
  ])
  const bare = { ...result('ns', 1), header: undefined }
  expect(leftOut([result('ns', 1)], [bare])).toEqual(['s is not compared, without a header: a, ns'])
})

test('a ratio that is new, and one that is gone, are told; those of suites that did not run are not', () => {
  const elsewhere = { ...result('ns', 1), suite: 'other' }
  expect(leftOut([result('ns', 1, 'new')], [result('ns', 1, 'old'), elsewhere])).toEqual([
    's is not compared, no ratio before: new, ns',
    's is not compared, no ratio now: old, ns',
  ])
  expect(leftOut([result('ns', null)], [result('ns', 1)])).toEqual(['s is not compared, no ratio now: a, ns'])
  expect(leftOut([result('ns', null)], [result('ns', null)])).toEqual([])
})
