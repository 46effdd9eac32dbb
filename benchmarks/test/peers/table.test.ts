import { expect, test } from 'vitest'
import type { Run } from '../../src/peers/run.js'
import {
  asMarkdown,
  columnsOf,
  disagreement,
  LATENCY_WARM_UP,
  type Measured,
  results,
  rows,
  verdict,
} from '../../src/peers/table.js'
import { type Entry, type Work, works } from '../../src/peers/works.js'

const OWN: Entry = { peer: 'zk', options: {}, note: 'speedup 1', order: 'key' }
const OTHER: Entry = { peer: 'kafkajs', options: {}, note: '1 thread', order: 'partition' }

const work = (changes: Partial<Work>): Work => ({ ...works[0]!, name: 'none', handler: 'noop', ...changes })

function run(perSecond: number, changes: Partial<Run> = {}): Run {
  return { messages: 1_000, seconds: 1_000 / perSecond, cpuSeconds: 0.002, peakRssMiB: 100, checksum: 'a', ...changes }
}

const measured = (own: readonly Run[], other: readonly Run[]): Measured[] => [
  { entry: OWN, runs: own },
  { entry: OTHER, runs: other },
]

test('a ratio is the median over rounds, not the ratio of the medians', () => {
  const [, row] = rows(work({}), measured([run(100), run(400), run(300)], [run(100), run(100), run(300)]))
  expect(row).toEqual(['kafkajs eachBatch, 1 thread', 'partition', '100 / 100 / 300', '2.00', '100', '1.00'])
})

test('the memory of a program is the most of its runs, and nothing where the system does not tell', () => {
  const [own, other] = rows(
    work({}),
    measured([run(1), run(1, { peakRssMiB: 180 })], [run(1, { peakRssMiB: 0 }), run(1, { peakRssMiB: 0 })]),
  )
  expect([own!.at(-2), other!.at(-2)]).toEqual(['180', ''])
})

test('a peer that is ahead is named under the table, and one that is behind is not', () => {
  expect(verdict(work({}), measured([run(100)], [run(125)]))).toMatch(
    /^Ahead of @zk.runtime, speedup 1 in messages.s: kafkajs eachBatch, 1 thread \(ours ÷ it: 0.80\)\. /,
  )
  expect(verdict(work({}), measured([run(100)], [run(99)]))).toMatch(/^No peer is ahead/)
  expect(verdict(work({}), measured([run(100)], [run(99, { cpuSeconds: 0.001 })]))).toMatch(
    /in CPU µs.message: kafkajs eachBatch, 1 thread \(ours ÷ it: 2.00\)\.$/,
  )
})

test('latencies are compared by their p50 and p99, of which less is ahead, without the first ones', () => {
  const late = (ms: number) => {
    const latencies = [...new Array<number>(LATENCY_WARM_UP).fill(9_999), ...new Array<number>(100).fill(ms)]
    return run(1_000, { latencies })
  }
  const of = work({ handler: 'latency' })
  const both = measured([late(4)], [late(2)])
  expect(rows(of, both)[1]!.slice(2, 4)).toEqual(['2.00', '2.00 / 2.00 / 2.00'])
  expect(verdict(of, both)).toMatch(
    /in p50 ms: kafkajs eachBatch, 1 thread \(ours ÷ it: 2.00\)\. Ahead of .* in p99 ms: kafkajs eachBatch, 1 thread \(ours ÷ it: 2.00\)\./,
  )
  expect(verdict(of, measured([late(2)], [late(4)]))).toMatch(/^No peer is ahead/)
})

test('results have the shape of all suites, ours beside the peer of the same round', () => {
  const [rate] = results(work({}), measured([run(10), run(40)], [run(10), run(20)]))
  expect(rate).toMatchObject({ suite: 'peers', unit: 'messages/s', value: 25, baseline: 15, ratio: 1.5, runs: 2 })
})

test('every row is as long as the head, those of zkafka and of latencies too', () => {
  for (const one of works) {
    const latencies = new Array<number>(LATENCY_WARM_UP + 1).fill(1)
    const all = one.entries.map((entry) => ({ entry, runs: [run(1, { latencies })] }))
    for (const row of rows(one, all)) expect(row).toHaveLength(columnsOf(one).length)
  }
})

test('zkafka is told to be of another run, and has no ratio', () => {
  const quoted = rows(work({ name: 'cpu' }), measured([run(1)], [run(1)])).filter(([title]) => /zkafka/.test(title!))
  expect(quoted.map((row) => [/elsewhere/.test(row[0]!), row.at(-1)])).toEqual([
    [true, ''],
    [true, ''],
    [true, ''],
  ])
})

test('programs that computed something else are named', () => {
  expect(disagreement(measured([run(1)], [run(1)]))).toBeUndefined()
  expect(disagreement(measured([run(1)], [run(1, { checksum: 'b' })]))).toContain('b (kafkajs eachBatch, 1 thread)')
})

test('a table in Markdown has a line under its head', () => {
  expect(
    asMarkdown([
      ['a', 'b'],
      ['1', '2'],
    ]),
  ).toBe('| a | b |\n|---|---|\n| 1 | 2 |')
})
