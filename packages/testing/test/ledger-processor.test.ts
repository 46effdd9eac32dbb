import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { LedgerLine } from '../src/ledger/lines.js'
import { readLedger } from '../src/ledger/reader.js'

/** Delivers two records of key `a` to the processor, in a process of its own as its environment is read at import. */
const drive = `
  const { default: processor } = await import(process.argv[1])
  const abort = new AbortController()
  for (const seq of [0, 1]) {
    const rawValue = Buffer.from(JSON.stringify({ key: 'a', seq, pad: '' }))
    const done = processor.process({ topic: 't', partition: 3, offset: 40 + seq, rawValue }, { attempt: seq + 1, signal: abort.signal })
    if (process.argv[2] === 'abort') abort.abort()
    await done?.catch?.((error) => console.log(error.name))
    console.log(done === undefined ? 'sync' : 'async')
  }`
let dir: string
let LEDGER: string

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'ledger-processor-'))
  LEDGER = join(dir, 'ledger.jsonl')
})
afterEach(() => rmSync(dir, { recursive: true }))

async function run(env: Record<string, string>, ...args: string[]) {
  const processor = new URL('../processors/ledger.mjs', import.meta.url).href
  const child = spawn(process.execPath, ['--input-type=module', '-e', drive, processor, ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let [out, err] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (text) => {
    out += text
  })
  child.stderr.setEncoding('utf8').on('data', (text) => {
    err += text
  })
  const [code] = await once(child, 'close')
  return { code, out: out.trim().split('\n'), err, pid: child.pid! }
}

function lines(): LedgerLine[] {
  const all: LedgerLine[] = []
  readLedger(LEDGER, (line) => all.push(line))
  return all
}

test('each delivery is a start with all that is known of it, then an end', async () => {
  const { pid, out } = await run({ LEDGER })
  expect(out).toEqual(['sync', 'sync'])
  const record = { key: 'a', topic: 't', partition: 3, thread: 0, pid, at: expect.any(Number) }
  const ids = lines().flatMap((line) => (line.type === 'start' ? [line.id] : []))
  expect(lines()).toEqual([
    { type: 'start', id: ids[0], seq: 0, offset: 40, attempt: 1, ...record },
    { type: 'end', id: ids[0], ok: true, at: expect.any(Number) },
    { type: 'start', id: ids[1], seq: 1, offset: 41, attempt: 2, ...record },
    { type: 'end', id: ids[1], ok: true, at: expect.any(Number) },
  ])
  expect(ids[0]).toMatch(new RegExp(`^${pid}\\.0\\.\\w{8}\\.1$`))
  expect(ids[1]).toBe(ids[0]!.replace(/1$/, '2'))
})

test('two processes never give the same name to a delivery, not even with the same pid', async () => {
  for (const _ of [1, 2]) await run({ LEDGER })
  const names = lines().flatMap((line) => (line.type === 'start' ? [line.id.split('.').slice(2).join('.')] : []))
  expect(new Set(names).size).toBe(4)
})

const durations = () => {
  const at = lines().map((line) => ('at' in line ? line.at! : Number.NaN))
  return [at[1] - at[0], at[3] - at[2]]
}

test('LEDGER_MS waits in between', async () => {
  const { out } = await run({ LEDGER, LEDGER_MS: '30' })
  expect(out).toEqual(['async', 'async'])
  for (const ms of durations()) expect(ms).toBeGreaterThan(28)
})

test('a wait that is aborted ends without success', async () => {
  const { out } = await run({ LEDGER, LEDGER_MS: '60000' }, 'abort')
  expect(out).toEqual(['AbortError', 'async', 'AbortError', 'async'])
  expect(lines().filter((line) => line.type === 'end')).toMatchObject([{ ok: false }, { ok: false }])
})

test('LEDGER_CPU keeps the thread busy in between', async () => {
  const { out } = await run({ LEDGER, LEDGER_CPU: '2000000' })
  expect(out).toEqual(['sync', 'sync'])
  // 2 million passes over some 30 bytes: no machine does that in 20 ms.
  for (const ms of durations()) expect(ms).toBeGreaterThan(20)
})

test('without LEDGER it refuses to load', async () => {
  const { code, err } = await run({ LEDGER: '' })
  expect(code).toBe(1)
  expect(err).toContain('LEDGER must name the ledger file')
})
