import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, mkdtempSync, rmSync, statSync, watch, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { LedgerLine, StartLine } from '../../src/ledger/lines.js'
import { readLedger } from '../../src/ledger/reader.js'
import { ledgerNow, openLedger } from '../../src/ledger/writer.js'

const appender = join(import.meta.dirname, 'append-lines.mjs')
const dist = new URL('../../dist/ledger/writer.js', import.meta.url).href
const line: LedgerLine = { type: 'thread-gone', pid: 1, thread: 1, at: 1.5 }
let dir: string
let path: string

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'ledger-'))
  path = join(dir, 'ledger.jsonl')
})
afterEach(() => rmSync(dir, { recursive: true }))

function read() {
  const lines: LedgerLine[] = []
  return { lines, ...readLedger(path, (l) => lines.push(l)) }
}

const appendFrom = (threads: number, lines: number) =>
  spawn(process.execPath, [appender, dist, path, String(threads), String(lines)], { stdio: 'inherit' })

test('a line is in the file when append returns', () => {
  const ledger = openLedger(path)
  ledger.append(line)
  expect(read().lines).toEqual([line])
  ledger.close()
})

test('lines of several processes and threads never mix, and each writer’s stay in order', async () => {
  const exits = [appendFrom(2, 2000), appendFrom(2, 2000)].map((child) => once(child, 'exit'))
  expect(await Promise.all(exits)).toEqual([
    [0, null],
    [0, null],
  ])
  const { lines, torn, malformed } = read()
  expect({ torn, malformed, lines: lines.length }).toEqual({ torn: [], malformed: [], lines: 8000 })
  const next = new Map<string | null, number>()
  for (const { key, seq } of lines as StartLine[]) {
    expect(seq).toBe(next.get(key) ?? 0)
    next.set(key, seq + 1)
  }
  expect(next.size).toBe(4)
})

test('what was appended before a SIGKILL can be read after it', async () => {
  writeFileSync(path, '')
  const grown = new Promise<void>((resolve) => {
    const watcher = watch(path, () => {
      if (statSync(path).size < 100_000) return
      watcher.close()
      resolve()
    })
  })
  const child = appendFrom(2, 1e9)
  await grown
  child.kill('SIGKILL')
  expect(await once(child, 'exit')).toEqual([null, 'SIGKILL'])
  const { lines, torn, malformed } = read()
  expect(torn.length).toBeLessThanOrEqual(1)
  expect(malformed).toEqual([])
  expect(lines.length).toBeGreaterThan(100)
})

test('a torn line hides neither the line glued to it nor those after it', () => {
  const text = JSON.stringify(line)
  writeFileSync(path, `${text}\n${text.slice(0, 20)}${text}\n${text}\n${text.slice(0, 5)}`)
  expect(read()).toEqual({ lines: [line, line, line], torn: [2, 4], malformed: [] })
})

test('what does not begin as a line is none, and hides no line either', () => {
  const text = JSON.stringify(line)
  writeFileSync(path, `no line\n\0\0${text}\n{"typ\n`)
  expect(read()).toEqual({
    ...{ lines: [line], torn: [3] },
    malformed: [
      [1, 'is no ledger line: "no line"'],
      [2, `is no ledger line: ${JSON.stringify(`\0\0${text}`.slice(0, 40))}`],
    ],
  })
})

test('whole lines that are no ledger lines are reported by number', () => {
  writeFileSync(path, `${JSON.stringify(line)}\n42\n\n{"type":"exit","pid":1,"code":"0"}\n`)
  const { lines, malformed } = read()
  expect(lines).toEqual([line])
  expect(malformed).toEqual([
    [2, 'is not an object'],
    [4, '(exit) has no proper code: "0"'],
  ])
})

test('lines longer than a read and characters across its border survive', () => {
  const long: LedgerLine = {
    type: 'dead',
    key: 'é€𝄞'.repeat(200_000),
    seq: 0,
    topic: 't',
    partition: 0,
    offset: 0,
    cause: 'x',
  }
  for (let i = 0; i < 3; i++) appendFileSync(path, `${JSON.stringify(long)}\n`)
  expect(read()).toEqual({ lines: [long, long, long], torn: [], malformed: [] })
})

test('the clock is the machine’s: a child started between two readings reads a time between them', async () => {
  const before = ledgerNow()
  const child = spawn(process.execPath, [
    '-e',
    `import(${JSON.stringify(dist)}).then((m) => console.log(m.ledgerNow()))`,
  ])
  const [output] = await once(child.stdout, 'data')
  expect(Number(output)).toBeGreaterThan(before)
  expect(Number(output)).toBeLessThan(ledgerNow())
})
