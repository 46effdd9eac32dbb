#!/usr/bin/env node
// @ts-check
/**
 * Which branches of the engine the simulation reaches: `sim:coverage [--seeds 1..2000] [--json]`.
 *
 * Every branch that it does not reach must stand in `unreached.json`, with the line that it begins on and the reason. What
 * stands there must still be a line of that file, or the list would grow old; that chance reaches a rare one is welcome.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { parseArgs } from 'node:util'

const root = join(import.meta.dirname, '../../..')
const { values } = parseArgs({
  options: { seeds: { type: 'string', default: '1..2000' }, json: { type: 'boolean', default: false } },
})

/** @typedef {{ file: string, line: string, reason: string }} Unreached */
/** @typedef {{ line: number }} Position */
/** @typedef {{ path: string, branchMap: Record<string, { loc: { start: Position } }>, b: Record<string, number[]> }} FileCoverage */

const temporary = mkdtempSync(join(tmpdir(), 'zk-coverage-'))
const c8 = join(root, 'node_modules/c8/bin/c8.js')
const { status, stderr } = spawnSync(
  process.execPath,
  [
    ...[c8, '--temp-directory', join(temporary, 'v8'), '--reports-dir', temporary, '--reporter', 'json'],
    ...['--include', 'packages/engine/src/**', '--exclude-after-remap'],
    ...[process.execPath, 'packages/simulation/dist/cli.js', '--seeds', values.seeds, '--json'],
  ],
  { cwd: root, encoding: 'utf8' },
)
if (status !== 0) {
  process.stderr.write(stderr)
  process.exit(1)
}
/** @type {FileCoverage[]} */
const files = Object.values(JSON.parse(readFileSync(join(temporary, 'coverage-final.json'), 'utf8')))
rmSync(temporary, { recursive: true, force: true })

const report = files
  .map(({ path, branchMap, b }) => {
    const lines = readFileSync(path, 'utf8').split('\n')
    const branches = Object.entries(branchMap).map(([id, { loc }]) => ({
      reached: (b[id]?.[0] ?? 0) > 0,
      line: lines[loc.start.line - 1]?.trim() ?? '',
      at: loc.start.line,
    }))
    const missing = branches.filter(({ reached }) => !reached)
    return { file: relative(join(root, 'packages/engine/src'), path), branches: branches.length, missing }
  })
  .sort((a, b) => (a.file < b.file ? -1 : 1))

/** @type {Unreached[]} */
const listed = JSON.parse(readFileSync(join(import.meta.dirname, '../unreached.json'), 'utf8'))
const missing = report.flatMap(({ file, missing }) => missing.map(({ line, at }) => ({ file, line, at })))
const unlisted = missing.filter(({ file, line }) => !listed.some((entry) => entry.file === file && entry.line === line))
const linesOf = (/** @type {string} */ file) =>
  readFileSync(join(root, 'packages/engine/src', file), 'utf8').split('\n')
const old = listed.filter(({ file, line }) => !linesOf(file).some((text) => text.trim() === line))
const holds = files.length > 0 && unlisted.length === 0 && old.length === 0

if (values.json) {
  const table = report.map(({ file, branches, missing }) => ({ file, branches, reached: branches - missing.length }))
  process.stdout.write(`${JSON.stringify({ holds, seeds: values.seeds, files: table, listed, unlisted, old })}\n`)
} else {
  for (const { file, branches, missing } of report) {
    process.stdout.write(`${file.padEnd(24)} ${branches - missing.length} of ${branches} branches\n`)
  }
  const [all, none] = [report.reduce((sum, { branches }) => sum + branches, 0), missing.length]
  const told = `${none - unlisted.length} are not reached for a reason`
  process.stdout.write(`${'together'.padEnd(24)} ${all - none} of ${all} branches, ${told}\n`)
  for (const { file, line, at } of unlisted) process.stdout.write(`NOT REACHED  ${file}:${at}  ${line}\n`)
  for (const { file, line } of old) process.stdout.write(`NO LINE ANY MORE  ${file}  ${line}\n`)
}
if (!holds) process.exitCode = 1
