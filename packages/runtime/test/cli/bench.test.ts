import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
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

describe('zk bench --value', () => {
  const few = ['--speedup', '1', '--messages', '50']
  const order = '{"customer":"a","amount":3}'

  test.each([
    ['order.json', order, 0],
    ['orders.jsonl', `${order}\n${order}\n`, 0],
    ['orders.ndjson', `${order}\r\n{}\n`, 25],
  ])('%s gives the values, and what fails is said', async (name, text, failed) => {
    const processor = join(dir, 'json.mjs')
    writeFileSync(
      processor,
      `const parse = (order) => { if (order.amount === undefined) throw new Error('no order'); return order }
      const decode = (bytes) => parse(JSON.parse(Buffer.from(bytes).toString()))
      export default { format: { name: 'order', decode }, process() {} }`,
    )
    const file = join(dir, name)
    writeFileSync(file, text)
    const { code, stdout } = await zk('bench', processor, ...few, '--value', file)
    expect(code).toBe(0)
    const sentence =
      '\n25 of 50 messages failed, so these are not the speeds of your processor at its work: the errors say why.\n'
    if (failed > 0) expect(stdout).toContain(sentence)
    else expect(stdout).not.toContain('failed,')
  })

  test('without it a processor of JSON fails on every message, and the table says what to do', async () => {
    const processor = join(dir, 'parse.mjs')
    writeFileSync(processor, 'export default { process({ value }) { JSON.parse(value.toString()) } }')
    const { stdout } = await zk('bench', processor, ...few)
    expect(stdout).toMatch(/\n50 of 50 messages failed, .*: --value <file> gives messages that it understands\.\n$/)
  })

  test.each([
    [['--size', '2000000'], 'Expected at most 900000.'],
    [['--value', 'nowhere.json'], 'Expected a file: ENOENT'],
    [['--value', 'empty.jsonl'], 'Expected a line for each value'],
    [['--value', 'large.bin'], 'Expected values of at most 900000 bytes.'],
    [['--value', 'large.bin', '--size', '10'], "'--value <file>' cannot be used with option '--size <bytes>'"],
  ])('%j is wrong usage', async (args, text) => {
    writeFileSync(join(dir, 'empty.jsonl'), '\n')
    writeFileSync(join(dir, 'large.bin'), Buffer.alloc(args.length === 2 ? 2_000_000 : 1))
    const { code, stderr } = await zk('bench', 'p.js', ...args.map((arg) => (arg.includes('.') ? join(dir, arg) : arg)))
    expect(code).toBe(1)
    expect(stderr).toMatch(/^ZK_CLI_USAGE: /)
    expect(stderr).toContain(text)
  })
})

test('zk bench with more than the embedded broker keeps: says so and ends', async () => {
  const processor = join(dir, 'idle.mjs')
  writeFileSync(processor, 'export default { process() {} }')
  const { code, stderr } = await zk('bench', processor, '--messages', '1000', '--size', '100000', '--speedup', '1')
  expect(code).toBe(1)
  expect(stderr).toMatch(/ZK_CLI_USAGE: The embedded broker kept \d+ of 1000 messages/)
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
