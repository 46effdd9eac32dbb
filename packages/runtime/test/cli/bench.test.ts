import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { jsonLines, zk } from './zk.js'

let dir: string
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'zk-bench-'))
})
afterAll(() => rmSync(dir, { recursive: true }))

test('zk bench --json: one line for each speedup, measured against the first', async () => {
  const processor = join(dir, 'processor.mjs')
  writeFileSync(processor, 'export default { process({ key }) { if (key.toString() === "k1") throw new Error("no") } }')
  const { code, stdout } = await zk(
    'bench',
    processor,
    '--speedup',
    '1,2',
    '--messages',
    '500',
    '--keys',
    '50',
    '--json',
  )
  expect(code).toBe(0)
  const lines = jsonLines(stdout)
  expect(lines.map(({ event, speedup, messages }) => ({ event, speedup, messages }))).toEqual([
    { event: 'bench', speedup: 1, messages: 500 },
    { event: 'bench', speedup: 2, messages: 500 },
  ])
  for (const { perSecond, seconds, ratio } of lines) {
    expect(perSecond).toBeGreaterThan(0)
    expect(perSecond as number).toBeCloseTo(500 / (seconds as number), 0)
    expect(ratio).toBeCloseTo((perSecond as number) / (lines[0]!.perSecond as number), 5)
  }
})

test('zk bench with a processor that is missing: its error, exit 1', async () => {
  const { code, stdout, stderr } = await zk(
    'bench',
    join(dir, 'nowhere.mjs'),
    '--speedup',
    '1',
    '--messages',
    '10',
    '--json',
  )
  expect(code).toBe(1)
  expect(jsonLines(stdout).at(-1)).toMatchObject({ event: 'error', code: 'ZK_PROCESSOR_NOT_FOUND' })
  expect(stderr).toContain('zk explain ZK_PROCESSOR_NOT_FOUND')
})

test('zk demo --json: its last line is the verdict over every message', async () => {
  const { code, stdout } = await zk('demo', '--messages', '600', '--speedup', '2', '--json')
  expect(code).toBe(0)
  const lines = jsonLines(stdout)
  expect(lines.slice(0, -1).map(({ event, speedup }) => [event, speedup])).toEqual([
    ['run', 1],
    ['run', 2],
  ])
  expect(lines.at(-1)).toEqual({
    ...{ event: 'demo', messages: 600, lost: 0, duplicates: 0, outOfOrder: 0, threads: 2 },
    speedup: expect.any(Number),
  })
})

test.each([
  ['bench', 'processor.mjs', '--messages', '0'],
  ['bench', 'processor.mjs', '--speedup', '1,0'],
  ['demo', '--speedup', '0'],
])('zk %s %s %s: counts are whole numbers from 1', async (...args) => {
  const { code, stderr } = await zk(...args.filter((arg) => arg !== undefined))
  expect(code).toBe(1)
  expect(stderr).toContain('Expected a whole number from 1')
})
