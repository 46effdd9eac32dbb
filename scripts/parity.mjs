// @ts-check
/**
 * Checks docs/parity.md: that each of its rows is whole, and that each test that it names exists, ran and passed.
 *
 * node scripts/parity.mjs [--strict] <report>…  checks with the JSON reports of Vitest that are given
 * node scripts/parity.mjs [--strict]            runs the named files first, also against a real Kafka
 * node scripts/parity.mjs --draw <seed>         checks nothing: prints 20 rows, to break each by hand and see its tests fail
 *
 * With `--strict` a row that is open is an error. The last line says the counts; exit code 1 when there is any error.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { drawRows, seedOf } from './parity/draw.mjs'
import { checkParity, filesOf, readTable, summary, testsOf } from './parity/table.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))

main(process.argv.slice(2))

/** @param {string[]} args */
function main(args) {
  if (args[0] === '--draw') return draw(args.slice(1))
  const strict = args.includes('--strict')
  const reports = args.filter((arg) => arg !== '--strict')
  const unknown = reports.find((arg) => arg.startsWith('-'))
  if (unknown)
    throw new Error(`${unknown} is no option: there are --strict and --draw <seed>, and the rest are reports`)
  const table = readTable(readFileSync(join(root, 'docs/parity.md'), 'utf8'))
  const tests = testsOf(root, reports.length > 0 ? reports.map(readReport) : runNamed(filesOf(table.rows)))
  const errors = [...table.errors, ...checkParity(table.rows, tests, { strict })]
  for (const row of table.rows) if (row.ours === 'open') console.log(`${row.id} is open: ${row.note}`)
  for (const error of errors) console.error(error)
  if (errors.length > 0) process.exitCode = 1
  console.log(summary(table.rows, tests, errors))
}

/** @param {string[]} args */
function draw([text, ...more]) {
  const seed = seedOf(text)
  if (more.length > 0) throw new Error(`${more[0]} is too much: --draw has a seed, and nothing else`)
  const drawn = drawRows(readTable(readFileSync(join(root, 'docs/parity.md'), 'utf8')).rows, seed)
  console.log(`seed ${seed}: ${drawn.map((row) => row.id).join(' ')}`)
  for (const { id, behaviour, tests } of drawn) console.log([`${id}: ${behaviour}`, ...tests].join('\n  '))
}

/** @param {string} path */
function readReport(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch (error) {
    throw new Error(`${path} is no report of Vitest; run the tests with TEST_REPORT=${path}`, { cause: error })
  }
}

/**
 * What a run has failed is in its report; whether it failed as a whole says nothing more.
 * @param {string[]} files
 */
function runNamed(files) {
  const folder = mkdtempSync(join(tmpdir(), 'parity-'))
  const kafka = files.filter((file) => file.endsWith('.kafka.test.ts'))
  const others = files.filter((file) => !kafka.includes(file))
  try {
    return [
      { script: 'test', named: others },
      { script: 'test:kafka', named: kafka },
    ]
      .filter(({ named }) => named.length > 0)
      .map(({ script, named }) => {
        const report = join(folder, `${script.replace(':', '-')}.json`)
        const [command, ...args] = [...packageManager(), script, ...named]
        spawnSync(String(command), args, { cwd: root, stdio: 'inherit', env: { ...process.env, TEST_REPORT: report } })
        return readReport(report)
      })
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** The pnpm that runs this script: there may be none on the path. */
function packageManager() {
  const own = process.env.npm_execpath
  if (!own) return ['pnpm']
  return /\.[cm]?js$/.test(own) ? [process.execPath, own] : [own]
}
