import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { headerOf } from '../src/header.js'
import { earlierResults, save } from '../src/history.js'
import { summarize } from '../src/report.js'

const root = mkdtempSync(join(tmpdir(), 'zk-history-'))
afterAll(() => rmSync(root, { recursive: true }))

const result = (name: string, value: number) =>
  summarize({ suite: 's', case: name, unit: 'ns', values: [value], baselines: [1] })

test('last is the latest result of each case, whatever else the latest run measured', () => {
  const folder = join(root, 'history')
  const header = headerOf('s', 'x', null)
  save([{ header }, result('a', 1), result('b', 2)], folder, new Date('2026-01-01T00:00:00Z'))
  save([{ header }, result('a', 3)], folder, new Date('2026-01-02T00:00:00Z'))
  expect(earlierResults('last', folder).map(({ case: name, value }) => [name, value])).toEqual([
    ['b', 2],
    ['a', 3],
  ])
})

test('last is one result for all conditions under which a case was measured, with its header', () => {
  const folder = join(root, 'conditions')
  const few = { ...headerOf('s', 'x', null, 10), at: '' }
  const many = { ...headerOf('s', 'x', null, "the suite's own"), at: '' }
  for (const [i, header] of [many, few, many].entries()) {
    save([{ header }, result('a', i)], folder, new Date(Date.UTC(2026, 0, i + 1)))
  }
  expect(earlierResults('last', folder)).toEqual([
    { ...result('a', 1), header: few },
    { ...result('a', 2), header: many },
  ])
})

test('a result behind the header of another suite has none', () => {
  const file = join(root, 'other.jsonl')
  writeFileSync(
    file,
    [{ header: headerOf('other', 'x', null) }, result('a', 1)].map((line) => JSON.stringify(line)).join('\n'),
  )
  expect(earlierResults(file, root)).toEqual([{ ...result('a', 1), header: undefined }])
})

test('without a history there is nothing to compare with', () => {
  expect(earlierResults('last', join(root, 'none'))).toEqual([])
})

test('a file may have headers and lines of other programs', () => {
  const file = join(root, 'results.jsonl')
  const header = headerOf('s', 'x', null)
  const lines = ['> zk@ bench', JSON.stringify({ header }), JSON.stringify(result('a', 1)), '']
  writeFileSync(file, lines.join('\n'))
  expect(earlierResults(file, root)).toEqual([{ ...result('a', 1), header }])
})

test('a file that is not there is an error', () => {
  expect(() => earlierResults(join(root, 'missing.jsonl'), root)).toThrow('ENOENT')
})

test('of a file that was cut off the line is named', () => {
  const file = join(root, 'cut.jsonl')
  writeFileSync(file, `${JSON.stringify(result('a', 1))}\n{"suite":"s","ca`)
  expect(() => earlierResults(file, root)).toThrow(`${file}, line 2: `)
})
