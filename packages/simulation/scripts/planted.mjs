// @ts-check
/** Copies of the engine and of the simulation in which one bug is planted: a patch of `mutants/`. */
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const root = join(import.meta.dirname, '../../..')
const folder = join(import.meta.dirname, '../mutants')

export const mutants = readdirSync(folder)
  .filter((file) => file.endsWith('.patch'))
  .sort()
  .map((file) => {
    const patch = readFileSync(join(folder, file), 'utf8')
    return {
      name: file.replace(/\.patch$/, ''),
      /** What is broken. */
      title: patch.split('\n', 1)[0]?.trim() ?? '',
      path: join(folder, file),
      /** Else only the engine is. */
      breaksModel: patch.includes('--- a/packages/simulation/'),
    }
  })

/** @typedef {typeof mutants[number]} Mutant */

/**
 * @param {string} command
 * @param {readonly string[]} args
 * @param {string} cwd
 */
function run(command, args, cwd) {
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd, encoding: 'utf8', maxBuffer: 2 ** 28 })
  return { status, stdout, output: error?.message ?? `${stdout}${stderr}` }
}

/**
 * A copy to which a patch is applied, for as long as `use` takes.
 * @template Result
 * @param {Mutant | undefined} mutant undefined: nothing is planted
 * @param {(copy: string) => Result} use
 * @throws Error when the patch does not apply
 */
export function withCopy(mutant, use) {
  const copy = mkdtempSync(join(tmpdir(), 'zk-mutant-'))
  try {
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
    if (mutant !== undefined) {
      const applied = run('git', ['apply', '--unsafe-paths', `--directory=${copy}`, mutant.path], copy)
      if (applied.status !== 0) throw new Error(`does not apply: ${applied.output.trim()}`)
    }
    return use(copy)
  } finally {
    rmSync(copy, { recursive: true, force: true })
  }
}

/**
 * @param {string} copy
 * @param {readonly string[]} args of the compiler
 * @throws Error when it finds something
 */
function compile(copy, args) {
  const { status, output } = run(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), ...args], copy)
  if (status !== 0) throw new Error(`does not build: ${output.trim()}`)
}

/** @param {string} copy @throws Error when it does not build */
export function build(copy) {
  compile(copy, ['-b', 'packages/simulation'])
}

/** As `build` for a mutant, and as little of it as can be. @param {string} copy @param {Mutant} mutant */
export function check(copy, { breaksModel }) {
  if (breaksModel) build(copy)
  else compile(copy, ['--noEmit', '-p', 'packages/engine'])
}

/**
 * Plays schedules of a copy that was built until one is wrong.
 * @param {string} copy
 * @param {string} seeds
 */
export function play(copy, seeds) {
  const { status, stdout, output } = run(
    process.execPath,
    ['packages/simulation/dist/cli.js', '--seeds', seeds, '--json'],
    copy,
  )
  if (status !== 0 && status !== 1) throw new Error(`does not play: ${output.trim()}`)
  return JSON.parse(stdout).violation
}
