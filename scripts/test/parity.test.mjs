// @ts-check
/** What `pnpm parity` refuses: each document or report here is wrong in one way, and the error names the row. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { DRAWN, drawRows, seedOf } from '../parity/draw.mjs'
import {
  checkParity,
  filesOf,
  NOT_TAKEN,
  PARTS,
  ROWS_OF_A_TEST,
  readTable,
  summary,
  testsOf,
} from '../parity/table.mjs'

const root = join(import.meta.dirname, '../..')
const REASON = 'because it would be of no use to anybody'

const ids = Object.entries(PARTS).flatMap(([part, n]) => Array.from({ length: n }, (_, i) => `${part}${i + 1}`))
/** @param {string} id */
const testOf = (id) => `packages/a/test/${id}.test.ts > shows ${id}`

/** @typedef {Partial<Record<'id' | 'upstream' | 'behaviour' | 'ours' | 'shown', string>>} Cells */

/**
 * A document in which each row has a test of its own.
 * @param {Record<string, Cells>} [changes] of rows, by their ids
 */
function document(changes = {}) {
  const rows = ids.map((id) => {
    const cells = { id, upstream: `\`Test${id}\``, behaviour: 'it works', ours: 'same', shown: `\`${testOf(id)}\`` }
    return `| ${Object.values({ ...cells, ...changes[id] }).join(' | ')} |`
  })
  return [
    '# Parity',
    '',
    '| Row | Upstream | Behaviour | Ours | Shown by |',
    '|---|---|---|---|---|',
    ...rows,
    '',
  ].join('\n')
}

/**
 * A report of these tests.
 * @param {Record<string, string>} statuses by `file > suite > title`
 */
const report = (statuses) => ({
  testResults: Object.entries(statuses).map(([name, status]) => {
    const [file, ...titles] = name.split(' > ')
    return {
      name: join(root, String(file)),
      assertionResults: [{ ancestorTitles: titles.slice(0, -1), title: String(titles.at(-1)), status }],
    }
  }),
})
const allPassed = Object.fromEntries(ids.map((id) => [testOf(id), 'passed']))

/**
 * @param {string} markdown
 * @param {Record<string, string>} [statuses]
 * @param {{ strict?: boolean }} [options]
 */
function errorsOf(markdown, statuses = allPassed, options = {}) {
  const { rows, errors } = readTable(markdown)
  return [...errors, ...checkParity(rows, testsOf(root, [report(statuses)]), options)]
}

test('a document in which every row is shown has no errors', () => {
  expect(errorsOf(document())).toEqual([])
})

test('a title may have bars and backticks in it, suites are joined by >, and a row may have several tests', () => {
  const one = 'packages/a/test/b.test.ts > a suite > another > `x` | y'
  const shown = `\`\`${one.replaceAll('|', '\\|')}\`\`<br>\`${testOf('Z2')}\``
  expect(errorsOf(document({ Z1: { shown } }), { ...allPassed, [one]: 'passed' })).toEqual([])
})

describe('a wrong row is named', () => {
  const same = { shown: `\`${testOf('F1')}\`` }
  const notTaken = { ours: `not taken: ${REASON}`, shown: '–' }
  /** @type {[string, Record<string, Cells>, string][]} */
  const wrong = [
    ['a test that there is not', { Z3: { shown: '`packages/a/test/Z3.test.ts > shows`' } }, 'Z3: no test has the name'],
    [
      'a test without backticks',
      { Z3: { shown: testOf('Z3') } },
      'Z3: "packages/a/test/Z3.test.ts > shows Z3" is no test name',
    ],
    ['no test at all', { Z3: { shown: '' } }, 'Z3: "" is no test name'],
    ['a verdict of same without a test', { Z3: { shown: '–' } }, 'Z3: no test shows it'],
    ['a test twice', { Z3: { shown: `\`${testOf('Z3')}\`<br>\`${testOf('Z3')}\`` } }, 'Z3: a test is named twice'],
    ['no behaviour', { Z3: { behaviour: '' } }, 'Z3: no behaviour'],
    ['no upstream test', { Z3: { upstream: '' } }, 'Z3: nothing says which'],
    ['an upstream test that has a row', { Z3: { upstream: '`TestZ2`' } }, 'Z3: `TestZ2` stands in Z2 already'],
    ['a verdict that there is not', { Z3: { ours: 'equal' } }, 'Z3: "equal" is none of'],
    ['better without a reason', { Z3: { ours: 'better' } }, 'Z3: better needs a reason'],
    ['an empty reason', { Z3: { ours: 'not taken:', shown: '–' } }, 'Z3: not taken needs a reason'],
    ['a reason that says nothing', { Z3: { ours: 'open: later', shown: '–' } }, 'Z3: open needs a reason'],
    ['not taken, with a test', { Z3: { ours: `not taken: ${REASON}` } }, 'Z3: what is not taken has no test'],
    ['one test for more than three rows', { Z1: same, Z2: same, Z3: same }, 'Z1, Z2, Z3, F1: 4 rows rest on'],
    [
      'too many that are not taken',
      Object.fromEntries(ids.slice(0, NOT_TAKEN + 1).map((id) => [id, notTaken])),
      `: ${NOT_TAKEN + 1} rows are not taken`,
    ],
    ['a row that is missing', { Z3: { id: 'Z1' } }, 'Z3: there is no such row'],
    ['a row that is there twice', { Z3: { id: 'Z1' } }, 'Z1: the row is there more than once'],
    ['a row too many', { Z3: { id: 'Z160' } }, 'Z160: there should be no such row'],
    ['too few cells', { Z3: { behaviour: 'it | works' } }, '(Z3): 6 cells instead of 5'],
  ]
  test.each(wrong)('%s', (_what, changes, error) => {
    expect(errorsOf(document(changes)).join('\n')).toContain(error)
  })

  test(`up to ${ROWS_OF_A_TEST} rows may rest on one test, and up to ${NOT_TAKEN} may be not taken`, () => {
    const rows = Object.fromEntries(ids.slice(10, 10 + NOT_TAKEN).map((id) => [id, notTaken]))
    expect(errorsOf(document({ ...rows, Z1: same, Z2: same }))).toEqual([])
  })

  test('the same test on a real Kafka is no other test', () => {
    const kafka = testOf('F1').replace('.test.ts', '.kafka.test.ts')
    const changes = { Z1: same, Z2: same, Z3: { shown: `\`${kafka}\`` } }
    expect(errorsOf(document(changes), { ...allPassed, [kafka]: 'passed' })).toHaveLength(1)
  })
})

describe('a table that is none', () => {
  test.each([
    ['other columns', '| Row | Upstream | Behaviour | Ours | Test |', 'line 3: the columns are not'],
    [
      'no line below the columns',
      '| Row | Upstream | Behaviour | Ours | Shown by |\n|x|---|---|---|---|',
      'line 4: the line',
    ],
  ])('%s', (_what, lines, error) => {
    const rest = document()
      .split('\n')
      .slice(2 + lines.split('\n').length)
    expect(errorsOf(['# Parity', '', lines, ...rest].join('\n')).join('\n')).toContain(error)
  })
})

describe('a test has to have run and passed', () => {
  test.each(['failed', 'skipped', 'pending', 'todo'])('%s is not', (status) => {
    const errors = errorsOf(document(), { ...allPassed, [testOf('W7')]: status })
    expect(errors).toEqual([expect.stringMatching(/^W7: (failed|skipped): /)])
  })

  test('wherever it ran: skipped in one run and passed in another is passed, failed in one is failed', () => {
    const [name, other] = [testOf('Z1'), testOf('Z2')]
    const reports = [report({ [name]: 'passed', [other]: 'failed' }), report({ [name]: 'pending', [other]: 'passed' })]
    for (const runs of [reports, [...reports].reverse()])
      expect(Object.fromEntries(testsOf(root, runs))).toEqual({ [name]: 'passed', [other]: 'failed' })
  })
})

test('what is open is counted, and an error only when that is asked for', () => {
  const markdown = document({ Z3: { ours: `open: ${REASON}`, shown: '–' } })
  expect(errorsOf(markdown)).toEqual([])
  expect(errorsOf(markdown, allPassed, { strict: true })).toEqual([`Z3: open: ${REASON}`])
  const { rows } = readTable(markdown)
  expect(summary(rows, testsOf(root, [report(allPassed)]), [])).toBe(
    `parity: ${ids.length} rows: ${ids.length - 1} same, 0 better, 0 not taken, 1 open; ${ids.length - 1} of ${ids.length - 1} named tests passed; 0 errors`,
  )
})

describe('docs/parity.md', () => {
  const { rows, errors } = readTable(readFileSync(join(root, 'docs/parity.md'), 'utf8'))

  test('is as its rules want it, wherever its tests stand', () => {
    expect(errors).toEqual([])
    const named = new Map(rows.flatMap((row) => row.tests).map((name) => [name, /** @type {const} */ ('passed')]))
    expect(checkParity(rows, named)).toEqual([])
  })

  test('names files that are there', () => {
    expect(filesOf(rows).length).toBeGreaterThan(20)
    for (const file of filesOf(rows)) expect(readFileSync(join(root, file), 'utf8'), file).toContain('test')
  })

  test('pnpm parity: the counts are its last line, and its exit code is 1 when a test did not pass', () => {
    const folder = mkdtempSync(join(tmpdir(), 'parity-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const path = join(folder, 'report.json')
    const run = (/** @type {string} */ status) => {
      writeFileSync(
        path,
        JSON.stringify(report(Object.fromEntries(rows.flatMap(({ tests }) => tests).map((name) => [name, status])))),
      )
      const { stdout, status: code } = spawnSync(process.execPath, [join(root, 'scripts/parity.mjs'), path], {
        encoding: 'utf8',
      })
      return { code, last: stdout.trimEnd().split('\n').at(-1) }
    }
    const total = rows.length
    expect(run('passed')).toEqual({
      code: 0,
      last: expect.stringMatching(RegExp(`^parity: ${total} rows: .*; 0 errors$`)),
    })
    expect(run('failed')).toEqual({ code: 1, last: expect.stringMatching(/ 0 of \d+ named tests passed; \d+ errors$/) })
  })
})

describe('rows to break by hand', () => {
  const { rows } = readTable(document({ Z3: { ours: `not taken: ${REASON}`, shown: '–' } }))
  const drawn = (/** @type {number} */ seed) => drawRows(rows, seed).map((row) => row.id)

  test('are twenty, none of them twice, the same for the same seed and others for another', () => {
    expect(new Set(drawn(7)).size).toBe(DRAWN)
    expect(drawn(7)).toEqual(drawn(7))
    expect(drawn(8)).not.toEqual(drawn(7))
  })

  test('any row may be drawn, but none that no test shows', () => {
    const seen = new Set(Array.from({ length: 400 }, (_, seed) => drawn(seed)).flat())
    expect([...seen].sort()).toEqual(ids.filter((id) => id !== 'Z3').sort())
  })

  test.each(['', '-1', '1.5', 'x', '4294967296', undefined])('%s is no seed', (text) => {
    expect(() => seedOf(text)).toThrow('--draw needs a seed')
  })

  test('pnpm parity --draw prints the seed, and each row with its tests', () => {
    const { stdout, status } = spawnSync(process.execPath, [join(root, 'scripts/parity.mjs'), '--draw', '7'], {
      encoding: 'utf8',
    })
    const expected = drawRows(readTable(readFileSync(join(root, 'docs/parity.md'), 'utf8')).rows, 7)
    expect(status).toBe(0)
    expect(stdout.split('\n')[0]).toBe(`seed 7: ${expected.map((row) => row.id).join(' ')}`)
    for (const name of expected.flatMap((row) => row.tests)) expect(stdout).toContain(`  ${name}\n`)
  })
})
