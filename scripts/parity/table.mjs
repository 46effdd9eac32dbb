// @ts-check
/** The table of docs/parity.md, and what has to hold of it. Every error names its row. */
import { relative, sep } from 'node:path'

/** How many rows each part has: the test functions of zkafka and of zfmt, and the weak points of the inventory. */
export const PARTS = { Z: 159, F: 19, W: 41 }
/** One test stands for at most so many rows: what stands for more says little of each. */
export const ROWS_OF_A_TEST = 3
/** At most so many rows are not taken. */
export const NOT_TAKEN = 10
/** A reason of fewer characters is none. */
const REASON = 20

const KINDS = ['same', 'better', 'not taken', 'open']
const COLUMNS = ['Row', 'Upstream', 'Behaviour', 'Ours', 'Shown by']

/**
 * @typedef {{ id: string, upstream: string, behaviour: string, ours: string, note: string, tests: string[] }} Row
 * @typedef {{ name: string, assertionResults: { ancestorTitles: string[], title: string, status: string }[] }} FileResult
 * @typedef {{ testResults: FileResult[] }} Report
 */

/**
 * Every line that begins with `|` belongs to a table, and every table has the five columns.
 * @param {string} markdown
 * @returns {{ rows: Row[], errors: string[] }}
 */
export function readTable(markdown) {
  /** @type {Row[]} */
  const rows = []
  /** @type {string[]} */
  const errors = []
  /** How many lines of the table were read so far. */
  let line = 0
  for (const [at, text] of markdown.split('\n').entries()) {
    if (!text.startsWith('|')) {
      line = 0
      continue
    }
    const cells = cellsOf(text)
    if (line === 0 && cells.join() !== COLUMNS.join())
      errors.push(`line ${at + 1}: the columns are not ${COLUMNS.join(', ')}`)
    if (line === 1 && !cells.every((cell) => /^-+$/.test(cell)))
      errors.push(`line ${at + 1}: the line below the columns is missing`)
    if (line++ < 2) continue
    if (cells.length === COLUMNS.length) rows.push(rowOf(cells, errors))
    else errors.push(`line ${at + 1} (${cells[0]}): ${cells.length} cells instead of ${COLUMNS.length}`)
  }
  return { rows, errors }
}

/** @param {string} line */
function cellsOf(line) {
  const cells = line.split(/(?<!\\)\|/).map((cell) => cell.trim().replaceAll('\\|', '|'))
  return cells.slice(1, cells.at(-1) === '' ? -1 : undefined)
}

/**
 * @param {string[]} cells
 * @param {string[]} errors
 * @returns {Row}
 */
function rowOf([id = '', upstream = '', behaviour = '', verdict = '', shown = ''], errors) {
  const [, ours = '', note = ''] = /^([^:]*?)(?::\s*(.*))?$/.exec(verdict) ?? []
  const tests = shown === '–' ? [] : shown.split('<br>').map((span) => testIn(span.trim()))
  for (const [n, test] of tests.entries()) {
    if (test === undefined) errors.push(`${id}: "${shown.split('<br>')[n]?.trim()}" is no test name between backticks`)
  }
  return { id, upstream, behaviour, ours, note, tests: tests.filter((test) => test !== undefined) }
}

/**
 * A code span: with two backticks around it a name may have single ones.
 * @param {string} span
 */
function testIn(span) {
  const [, , name] = /^(`+)(.+?)\1$/.exec(span) ?? []
  return name?.trim()
}

/**
 * The tests of some runs, by `file > suite > title`, each with whether it passed wherever it ran.
 * @param {string} root the paths of files are told from here
 * @param {Report[]} reports
 * @returns {Map<string, 'passed' | 'failed' | 'skipped'>}
 */
export function testsOf(root, reports) {
  /** @type {Map<string, 'passed' | 'failed' | 'skipped'>} */
  const tests = new Map()
  for (const { name, assertionResults } of reports.flatMap((report) => report.testResults)) {
    const file = relative(root, name).split(sep).join('/')
    for (const { ancestorTitles, title, status } of assertionResults) {
      const id = [file, ...ancestorTitles, title].join(' > ')
      const before = tests.get(id)
      if (status === 'failed' || before === 'failed') tests.set(id, 'failed')
      else tests.set(id, status === 'passed' || before === 'passed' ? 'passed' : 'skipped')
    }
  }
  return tests
}

/** @param {Row[]} rows */
export function filesOf(rows) {
  return [...new Set(rows.flatMap((row) => row.tests).map((test) => test.split(' > ')[0] ?? ''))].sort()
}

/**
 * @param {Row[]} rows
 * @param {Map<string, 'passed' | 'failed' | 'skipped'>} tests
 * @param {{ strict?: boolean }} [options] strict: no row may be open
 * @returns {string[]} what is wrong; nothing when all is well
 */
export function checkParity(rows, tests, { strict = false } = {}) {
  return [
    ...countErrors(rows),
    ...rows.flatMap((row) => rowErrors(row, strict).map((error) => `${row.id}: ${error}`)),
    ...rows.flatMap((row) =>
      row.tests.flatMap((test) => testErrors(test, tests).map((error) => `${row.id}: ${error}`)),
    ),
    ...overuseErrors(rows),
    ...notTakenErrors(rows),
  ]
}

/** @param {Row[]} rows */
function countErrors(rows) {
  const errors = []
  const expected = Object.entries(PARTS).flatMap(([part, n]) => Array.from({ length: n }, (_, i) => `${part}${i + 1}`))
  const ids = rows.map((row) => row.id)
  for (const id of expected) if (!ids.includes(id)) errors.push(`${id}: there is no such row`)
  for (const [n, id] of ids.entries()) {
    if (!expected.includes(id)) errors.push(`${id}: there should be no such row`)
    else if (ids.indexOf(id) !== n) errors.push(`${id}: the row is there more than once`)
  }
  for (const [n, { id, upstream }] of rows.entries()) {
    const first = rows.findIndex((row) => row.upstream === upstream && row.id[0] === id[0])
    if (first !== n) errors.push(`${id}: ${upstream} stands in ${rows[first]?.id} already`)
  }
  return errors
}

/**
 * @param {Row} row
 * @param {boolean} strict
 */
function rowErrors({ upstream, behaviour, ours, note, tests }, strict) {
  const errors = []
  if (upstream === '') errors.push('nothing says which upstream test or weak point it is')
  if (behaviour === '') errors.push('no behaviour')
  if (!KINDS.includes(ours)) return [...errors, `"${ours}" is none of ${KINDS.join(', ')}`]
  if (ours !== 'same' && note.length < REASON) errors.push(`${ours} needs a reason after a colon, not "${note}"`)
  const shows = ours === 'same' || ours === 'better'
  if (shows && tests.length === 0) errors.push('no test shows it')
  if (!shows && tests.length > 0) errors.push(`what is ${ours} has no test; its last cell is –`)
  if (new Set(tests).size < tests.length) errors.push('a test is named twice')
  if (strict && ours === 'open') errors.push(`open: ${note}`)
  return errors
}

/**
 * @param {string} test
 * @param {Map<string, 'passed' | 'failed' | 'skipped'>} tests
 */
function testErrors(test, tests) {
  const result = tests.get(test)
  if (result === undefined) return [`no test has the name ${test}`]
  return result === 'passed' ? [] : [`${result}: ${test}`]
}

/**
 * A test that runs against a real Kafka as well is one test.
 * @param {Row[]} rows
 */
function overuseErrors(rows) {
  /** @type {Map<string, string[]>} */
  const uses = new Map()
  for (const { id, tests } of rows) {
    for (const test of new Set(tests.map((name) => name.replace('.kafka.test.ts > ', '.test.ts > ')))) {
      uses.set(test, [...(uses.get(test) ?? []), id])
    }
  }
  return [...uses]
    .filter(([, ids]) => ids.length > ROWS_OF_A_TEST)
    .map(([test, ids]) => `${ids.join(', ')}: ${ids.length} rows rest on ${test}, and at most ${ROWS_OF_A_TEST} may`)
}

/** @param {Row[]} rows */
function notTakenErrors(rows) {
  const ids = rows.filter((row) => row.ours === 'not taken').map((row) => row.id)
  return ids.length > NOT_TAKEN
    ? [`${ids.join(', ')}: ${ids.length} rows are not taken, and at most ${NOT_TAKEN} may be`]
    : []
}

/**
 * One line: what the rows are, what shows them, and how many errors there are.
 * @param {Row[]} rows
 * @param {Map<string, 'passed' | 'failed' | 'skipped'>} tests
 * @param {string[]} errors
 */
export function summary(rows, tests, errors) {
  const named = new Set(rows.flatMap((row) => row.tests))
  const passed = [...named].filter((test) => tests.get(test) === 'passed').length
  const kinds = KINDS.map((kind) => `${rows.filter((row) => row.ours === kind).length} ${kind}`)
  return `parity: ${rows.length} rows: ${kinds.join(', ')}; ${passed} of ${named.size} named tests passed; ${errors.length} errors`
}
