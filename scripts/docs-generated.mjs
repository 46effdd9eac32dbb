import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, relative } from 'node:path'

/** Writes a generated file, or with `--check` on the command line only compares and exits 1 on a difference. */
export function writeOrCheck(target, content, command) {
  const name = relative(process.cwd(), target)
  const before = existsSync(target) ? readFileSync(target, 'utf8') : undefined
  if (before === content) return
  if (process.argv.includes('--check')) {
    console.error(`${name} is not up to date: run ${command}`)
    process.exitCode = 1
    return
  }
  mkdirSync(dirname(target), { recursive: true })
  writeFileSync(target, content)
  console.log(`wrote ${name}`)
}
