#!/usr/bin/env node
/**
 * Packs every package as it would be published and has the tarballs checked by publint and Are the types wrong?.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { publishedFolders } from './pack/published.mjs'

const root = join(import.meta.dirname, '..')
const bin = join(root, 'node_modules', '.bin')
const target = mkdtempSync(join(tmpdir(), 'zk-packages-'))

/**
 * @param {string} command
 * @param {readonly string[]} args
 * @param {string} [cwd]
 */
function run(command, args, cwd = root) {
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd, encoding: 'utf8' })
  return { ok: status === 0, output: error?.message ?? `${stdout}${stderr}` }
}

let failed = 0
try {
  for (const folder of publishedFolders(root)) {
    const { name, version, exports } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
    const tarball = join(target, `${name.slice(1).replace('/', '-')}-${version}.tgz`)
    // Processor modules are loaded by their URL and have nothing to be typed.
    const untyped = Object.keys(exports).filter((entry) => entry.startsWith('./processors/'))
    const exclude = untyped.length > 0 ? ['--exclude-entrypoints', ...untyped] : []
    const checks = [
      { what: 'pack', ...run('npx', ['-y', 'pnpm@12', 'pack', '--pack-destination', target], folder) },
      { what: 'publint', ...run(join(bin, 'publint'), ['run', tarball, '--strict']) },
      { what: 'types', ...run(join(bin, 'attw'), [tarball, '--profile', 'esm-only', ...exclude]) },
    ]
    for (const { what, ok, output } of checks) {
      process.stdout.write(`${ok ? 'ok    ' : 'FAILED'} ${name} ${what}\n`)
      if (ok) continue
      failed++
      process.stdout.write(`${output}\n`)
    }
  }
} finally {
  rmSync(target, { recursive: true, force: true })
}
if (failed > 0) process.exitCode = 1
