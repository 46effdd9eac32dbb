#!/usr/bin/env node
// @ts-check
/**
 * Plants bugs, one at a time, and sees whether the simulation finds them: `sim:mutants [--json] [--only <name>]`.
 *
 * Each patch in `mutants/` is applied to a temporary copy of the engine and of the simulation, which is built and run there
 * until a schedule is wrong. A patch that no longer applies, that does not build, or that is not found within 10,000
 * seeds fails.
 */
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

const SEEDS = '1..10000'
const here = join(import.meta.dirname, '..')
const root = join(here, '..', '..')
const mutants = join(here, 'mutants')

const { values } = parseArgs({ options: { json: { type: 'boolean', default: false }, only: { type: 'string' } } })

/**
 * @typedef {object} Result
 * @property {string} name
 * @property {string} title the first line of the patch
 * @property {number} [seed] that found it
 * @property {string} [profile]
 * @property {string} [invariant]
 * @property {number} [shrunkTo] decisions
 * @property {number} seconds
 * @property {string} [failure] why it proves nothing
 */

/**
 * @param {string} command
 * @param {readonly string[]} args
 * @param {string} cwd
 */
function run(command, args, cwd) {
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd, encoding: 'utf8', maxBuffer: 2 ** 28 })
  return { status, stdout, output: error?.message ?? `${stdout}${stderr}` }
}

/** @param {string} file */
function copyWith(file) {
  const copy = mkdtempSync(join(tmpdir(), 'zk-mutant-'))
  for (const name of ['engine', 'simulation']) {
    const to = join(copy, 'packages', name)
    mkdirSync(to, { recursive: true })
    for (const part of ['src', 'package.json', 'tsconfig.json']) {
      cpSync(join(root, 'packages', name, part), join(to, part), { recursive: true })
    }
  }
  cpSync(join(root, 'tsconfig.base.json'), join(copy, 'tsconfig.base.json'))
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'))
  mkdirSync(join(copy, 'packages/simulation/node_modules/@zk'), { recursive: true })
  symlinkSync(join(copy, 'packages/engine'), join(copy, 'packages/simulation/node_modules/@zk/engine'))
  return { copy, applied: run('git', ['apply', '--unsafe-paths', `--directory=${copy}`, join(mutants, file)], copy) }
}

/**
 * @param {string} file
 * @returns {Result}
 */
function prove(file) {
  const started = performance.now()
  const name = file.replace(/\.patch$/, '')
  const title = readFileSync(join(mutants, file), 'utf8').split('\n', 1)[0]?.trim() ?? ''
  const { copy, applied } = copyWith(file)
  /** @param {object} result */
  const result = (result) => ({ name, title, ...result, seconds: Math.round((performance.now() - started) / 100) / 10 })
  try {
    if (applied.status !== 0) return result({ failure: `does not apply: ${applied.output.trim()}` })
    const built = run(
      process.execPath,
      [join(root, 'node_modules/typescript/bin/tsc'), '-b', 'packages/simulation'],
      copy,
    )
    if (built.status !== 0) return result({ failure: `does not build: ${built.output.trim()}` })
    const played = run(process.execPath, ['packages/simulation/dist/cli.js', '--seeds', SEEDS, '--json'], copy)
    if (played.status === 0) return result({ failure: `not found within ${SEEDS}` })
    const { violation } = JSON.parse(played.stdout)
    const { seed, profile, invariant, shrunkTo } = violation
    return result({ seed, profile, invariant, shrunkTo })
  } catch (error) {
    return result({ failure: String(error) })
  } finally {
    rmSync(copy, { recursive: true, force: true })
  }
}

const files = readdirSync(mutants)
  .filter((file) => file.endsWith('.patch') && (values.only === undefined || file.startsWith(values.only)))
  .sort()
const results = files.map((file) => {
  const result = prove(file)
  const found =
    result.failure ?? `${result.invariant}, seed ${result.seed} (${result.profile}), ${result.shrunkTo} decisions`
  const line = `${result.name.padEnd(44)} ${found} · ${result.seconds} s\n`
  if (!values.json) process.stdout.write(line)
  else process.stderr.write(line)
  return result
})
const missed = results.filter(({ failure }) => failure !== undefined)
if (values.json) process.stdout.write(`${JSON.stringify({ holds: missed.length === 0, mutants: results })}\n`)
else process.stdout.write(`${results.length - missed.length} of ${results.length} found\n`)
if (missed.length > 0 || results.length === 0) process.exitCode = 1
