#!/usr/bin/env node
/**
 * The lock file names no registry: it is the same on every machine, whatever mirror it installs from.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

const lines = readFileSync(join(import.meta.dirname, '..', 'pnpm-lock.yaml'), 'utf8').split('\n')
const named = lines.flatMap((line, i) => (/https?:\/\//.test(line) ? [`pnpm-lock.yaml:${i + 1}: ${line.trim()}`] : []))
for (const line of named) process.stderr.write(`${line}\n`)
if (named.length > 0) {
  process.stderr.write(
    'The lock file names download addresses: set lockfileIncludeTarballUrl to false and install again.\n',
  )
  process.exitCode = 1
}
