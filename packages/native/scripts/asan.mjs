/**
 * Builds the addon with AddressSanitizer into build/asan/ and cuts 200 reads and 200 producers off under it (cut-reads.mjs,
 * cut-sends.mjs).
 *
 * Prints the verdict of each as one JSON line, with the sanitiser's first finding when there is one, and exits 0 only when
 * both found nothing. Leak detection is off: V8 never frees most of what it allocated when a process ends,
 * and librdkafka itself is not instrumented. What this finds is use after free, double free and overruns in the addon
 * and in memory that it shares with librdkafka (allocation is intercepted for the whole process).
 *
 *   node scripts/asan.mjs [rounds]
 */
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')
const target = join(root, 'build', 'asan')
const rounds = process.argv[2] ?? '200'

function run(command, args, options) {
  const result = spawnSync(command, args, { encoding: 'utf8', maxBuffer: 2 ** 28, ...options })
  if (result.error) throw result.error
  return result
}

/** node-gyp as npm carries it, unless it is on the path (package managers put it there for scripts). */
function nodeGyp() {
  if (run('sh', ['-c', 'command -v node-gyp']).status === 0) return ['node-gyp', []]
  const npm = run('sh', ['-c', 'readlink -f "$(command -v npm)"']).stdout.trim()
  return [process.execPath, [createRequire(npm).resolve('node-gyp/bin/node-gyp.js')]]
}

function build() {
  rmSync(target, { recursive: true, force: true })
  // A project of its own, so that the ordinary build stays what it is. It lies inside the package, where node-rdkafka
  // and nan can be resolved.
  mkdirSync(target, { recursive: true })
  cpSync(join(root, 'native'), join(target, 'native'), { recursive: true })
  cpSync(join(root, 'binding.gyp'), join(target, 'binding.gyp'))
  writeFileSync(join(target, 'package.json'), '{ "name": "zk-native-asan", "private": true }\n')
  const flags = '-fsanitize=address -fno-omit-frame-pointer -g -O1'
  const [command, args] = nodeGyp()
  // Node's own headers, where they lie beside it, spare a download.
  const prefix = join(process.execPath, '..', '..')
  if (existsSync(join(prefix, 'include', 'node', 'node.h'))) args.push(`--nodedir=${prefix}`)
  const env = { ...process.env, CXXFLAGS: flags, LDFLAGS: '-fsanitize=address' }
  const result = run(command, [...args, 'rebuild', '--directory', target], { env })
  if (result.status !== 0) throw new Error(`the build failed:\n${result.stderr}\n${result.stdout}`)
}

build()
const libasan = run('g++', ['-print-file-name=libasan.so']).stdout.trim()

function cut(script) {
  const result = run(process.execPath, ['--expose-gc', join(root, 'scripts', script), rounds], {
    env: {
      ...process.env,
      LD_PRELOAD: libasan,
      ZK_NATIVE_ADDON: join(target, 'build', 'Release', 'zk_native.node'),
      ASAN_OPTIONS: 'detect_leaks=0:abort_on_error=0:exitcode=99',
    },
    timeout: 900_000,
  })
  const finding = /ERROR: AddressSanitizer[\s\S]{0,1500}/.exec(result.stderr)?.[0]
  let verdict = finding === undefined ? { stderr: result.stderr.slice(-2_000) } : {}
  try {
    verdict = JSON.parse(result.stdout.trim().split('\n').at(-1))
  } catch {
    // It died before it could say anything.
  }
  const clean = verdict.verdict === 'ok' && result.status === 0 && finding === undefined
  process.stdout.write(
    `${JSON.stringify({ script, ...verdict, verdict: clean ? 'ok' : 'failed', sanitizer: 'address', leaks: 'not looked for', exitCode: result.status, signal: result.signal, finding })}\n`,
  )
  return clean
}

process.exitCode = ['cut-reads.mjs', 'cut-sends.mjs'].map(cut).every(Boolean) ? 0 : 1
