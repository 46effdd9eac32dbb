import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, test, vi } from 'vitest'
import type { Result } from '../src/report.js'

const manifest = new URL('../../package.json', import.meta.url)
const cli = fileURLToPath(new URL('../dist/cli.js', import.meta.url))

const folder = mkdtempSync(join(tmpdir(), 'bench-cli-'))
afterAll(() => rmSync(folder, { recursive: true }))

function start(...args: string[]) {
  const child = spawn(process.execPath, [cli, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  const ended = Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
  return { child, ended: ended.then(([stdout, stderr, [code]]) => ({ stdout, stderr, code: code as number })) }
}

/** The suite that takes the shortest, and what is kept of it stays out of the project's own history. */
const tracker = (...args: string[]) =>
  start('tracker', '--runs', '1', '--messages', '1000', '--history', join(folder, 'history'), ...args).ended

/** A file of results as `--json` writes it, of ratios that were so many times what they are. */
async function earlier(name: string, times: number): Promise<string> {
  const file = join(folder, name)
  const lines = (await tracker('--json')).stdout.trim().split('\n')
  const [header, result] = lines.map((line) => JSON.parse(line) as object) as [object, Result]
  writeFileSync(file, `${JSON.stringify(header)}\n${JSON.stringify({ ...result, ratio: result.ratio! * times })}\n`)
  return file
}

test.each([
  [['nope'], 'nope is no suite; there are tracker, '],
  [['toString'], 'toString is no suite'],
  [['tracker', '--runs', '0'], '--runs is 0; expected a whole number above 0'],
  [['tracker', '--messages', 'many'], '--messages is many; expected a whole number above 0'],
  [['tracker', '--tolerance', 'x'], '--tolerance is x; expected a number above 0'],
  [['tracker', '--compare', 'nowhere.jsonl'], "ENOENT: no such file or directory, open 'nowhere.jsonl'"],
  [['tracker', '--fast'], "Unknown option '--fast'"],
  [['peers', '--bootstrap', 'x', '--runs', 'x'], '--runs is x; expected a whole number above 0'],
])('pnpm bench %j is told in a sentence, and nothing runs', async (args, sentence) => {
  const { stderr, code } = await start(...args).ended
  expect(code).toBe(1)
  expect(stderr).toMatch(/^.+\n$/)
  expect(stderr).toContain(sentence)
})

test('--compare last tells what became of each ratio since the last run', async () => {
  await tracker()
  const { stderr, code } = await tracker('--compare', 'last')
  expect(stderr).toMatch(
    /^tracker open \+ finish, random, 10,000 in flight, ns: \d\.\d+ → \d\.\d+, .* % (worse|better)$/m,
  )
  expect(code).toBe(0)
})

test('--compare says what it leaves out, and why', async () => {
  const { stderr, code } = await tracker('--messages', '1001', '--compare', await earlier('same.jsonl', 1))
  expect(stderr).toContain('tracker is not compared, messages 1000 before, 1001 now: open + finish, random')
  expect(stderr).not.toContain('→')
  expect(code).toBe(0)
})

test('--gate ends with 2 where nothing could be compared', async () => {
  const { stderr, code } = await tracker('--messages', '1001', '--gate', await earlier('other.jsonl', 1))
  expect(stderr).toContain('tracker is not compared, messages 1000 before, 1001 now')
  expect(stderr).toContain('nothing was compared')
  expect(code).toBe(2)
})

test('--gate passes where no ratio is worse', async () => {
  const { stderr, code } = await tracker('--gate', await earlier('slow.jsonl', 1_000))
  expect(stderr).toContain('1 ratios hold')
  expect(code).toBe(0)
})

test('--gate measures a ratio that is worse once more, and ends with 1 when it is worse again', async () => {
  const { stderr, code } = await tracker('--gate', await earlier('fast.jsonl', 0.001))
  expect(stderr).toContain('Once more')
  expect(stderr).toContain('REGRESSION tracker open + finish, random')
  expect(stderr).toContain('1 of 1 ratios are worse')
  expect(code).toBe(1)
})

test('with --json stdout is nothing but JSON', async () => {
  const { stdout } = await tracker('--json')
  expect(
    stdout
      .trim()
      .split('\n')
      .map((line) => Object.keys(JSON.parse(line) as object)[0]),
  ).toEqual(['header', 'suite'])
})

test('what builds before a bench writes to stderr only: stdout is for results', async () => {
  const { prebench } = (JSON.parse(readFileSync(manifest, 'utf8')) as { scripts: { prebench: string } }).scripts
  const bin = join(folder, 'bin')
  mkdirSync(bin)
  writeFileSync(join(bin, 'turbo'), '#!/bin/sh\necho built; echo warned >&2\n', { mode: 0o755 })
  const env = { ...process.env, PATH: `${bin}${delimiter}${process.env.PATH}` }
  const child = spawn('sh', ['-c', prebench], { env, stdio: ['ignore', 'pipe', 'pipe'] })
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)])
  expect(stdout).toBe('')
  expect(stderr).toBe('built\nwarned\n')
})

test('a bench that is ended leaves no process behind', async () => {
  const { child, ended } = start('latency', '--runs', '1')
  await once(child.stderr, 'data')
  const processes = await childrenOf(child.pid!)
  expect(processes.length).toBeGreaterThan(0)
  child.kill('SIGTERM')
  expect(await ended).toMatchObject({ code: 143, stderr: expect.not.stringContaining('Error') })
  await vi.waitFor(() => expect(processes.filter(isAlive)).toEqual([]))
}, 20_000)

async function childrenOf(pid: number): Promise<number[]> {
  const ps = spawn('ps', ['-o', 'pid=', '--ppid', String(pid)], { stdio: ['ignore', 'pipe', 'inherit'] })
  return (await text(ps.stdout)).trim().split(/\s+/).filter(Boolean).map(Number)
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
