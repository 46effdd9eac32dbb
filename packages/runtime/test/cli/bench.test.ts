import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createMockCluster, type MockCluster } from '@zk/native/mock-cluster'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fillTopic } from '../../src/kafka/fill-topic.js'
import { jsonLines, zk } from './zk.js'

let dir: string
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'zk-bench-'))
})
afterAll(() => rmSync(dir, { recursive: true }))

const [OFFSET_COMMIT, OFFSET_FETCH, JOIN_GROUP] = [8, 9, 11]
const GROUP_AUTHORIZATION_FAILED = 30

/** Short runs: what is looked at here is not how fast they are. */
const short = ['--repeats', '1', '--seconds', '0.1', '--no-end-to-end']

test('zk bench --json: a line for each way, measured against the first, and the recommendation last', async () => {
  const processor = join(dir, 'processor.mjs')
  writeFileSync(
    processor,
    'export default { process({ key }) { if (key.toString() === "key-1") throw new Error("no") } }',
  )
  const { code, stdout } = await zk(
    ...['bench', processor, '--speedup', '2,1', '--concurrency', '1,3', '--repeats', '2', '--seconds', '0.2'],
    ...['--messages', '4000', '--keys', '50', '--json'],
  )
  expect(code).toBe(0)
  const lines = jsonLines(stdout)
  const points = lines.slice(0, -1)
  expect(points.map(({ event, speedup, concurrency, runs }) => [event, speedup, concurrency, runs])).toEqual([
    ['bench', 1, 1, 2],
    ['bench', 1, 3, 2],
    ['bench', 2, 1, 2],
    ['bench', 2, 3, 2],
  ])
  for (const point of points) {
    const { perSecond, gain, speedup, efficiency } = point as Record<string, number>
    const alone = points.find(({ concurrency }) => concurrency === point.concurrency)!.perSecond as number
    expect(perSecond).toBeGreaterThan(0)
    expect(gain).toBeCloseTo(perSecond! / (points[0]!.perSecond as number), 5)
    expect(efficiency).toBeCloseTo(perSecond! / alone / speedup!, 5)
    expect([point.busy, point.occupied]).toEqual([expect.any(Array), expect.any(Array)])
    expect(point.busy).toHaveLength(speedup!)
    expect(point.endToEndP50Ms).toBeGreaterThan(0)
    expect(point.endToEndP99Ms).toBeGreaterThanOrEqual(point.endToEndP50Ms as number)
    expect(point.rssMb).toBeGreaterThan(10)
    expect([point.messages, point.failed]).toEqual([8_000, 160])
  }
  expect(lines.at(-1)).toMatchObject({ event: 'recommendation', bound: 'short', sentence: expect.any(String) })
}, 60_000)

test('zk bench finds what a handler that waits needs, and writes a report that stands alone', async () => {
  const processor = join(dir, 'waits.mjs')
  writeFileSync(processor, 'export default { process: () => new Promise((done) => setTimeout(done, 20)) }')
  const html = join(dir, 'report.html')
  const { code, stdout, stderr } = await zk(
    ...['bench', processor, '--speedup', '1', '--concurrency', '1,8', '--messages', '2000', ...short, '--html', html],
  )
  expect(code).toBe(0)
  expect(stdout).toMatch(/\nI\/O-bound \(a handler alone keeps its thread \d+ % busy\): speedup 1, concurrency 8\.\n/)
  expect(stderr).toContain('round 1 of 1, run 2 of up to 2: speedup 1, concurrency 8')
  const report = readFileSync(html, 'utf8')
  expect(report).toContain('<svg')
  expect(report).toContain('speedup 1, concurrency 8')
}, 60_000)

test('zk bench measures a handler of batches, as large as the flags say', async () => {
  const processor = join(dir, 'batches.mjs')
  const sizes = join(dir, 'sizes.txt')
  writeFileSync(
    processor,
    `import { appendFileSync } from 'node:fs'
    export default { processBatch: async (messages) => {
      appendFileSync(${JSON.stringify(sizes)}, messages.length + '\\n')
      await new Promise((done) => setTimeout(done, 20))
    } }`,
  )
  const ways = ['--speedup', '1', '--concurrency', '1,2', '--batch-size', '30', '--batch-wait', '50']
  const { code, stdout } = await zk('bench', processor, ...ways, '--messages', '2000', ...short, '--json')
  expect(code).toBe(0)
  const lines = jsonLines(stdout)
  const [alone, two] = lines as { perSecond: number; failed: number }[]
  // Thirty in 20 ms at most, of which six may end within a tenth of a second; one by one it would be fifty a second.
  expect(alone!.perSecond).toBeGreaterThan(200)
  expect(alone!.perSecond).toBeLessThan(1_850)
  expect(two!.perSecond).toBeGreaterThan(alone!.perSecond)
  expect(Math.max(...readFileSync(sizes, 'utf8').trim().split('\n').map(Number))).toBe(30)
  expect(lines.at(-1)).toMatchObject({ event: 'recommendation', bound: 'io' })
}, 60_000)

test('zk bench takes the file of a work as it is: what it decides itself is not taken from there', async () => {
  const processor = join(dir, 'waits.mjs')
  writeFileSync(processor, 'export default { process: () => new Promise((done) => setTimeout(done, 2)) }')
  const config = join(dir, 'work.json')
  const own = { concurrency: 'auto', maxConcurrency: 3, autoOffsetReset: 'latest', onExhausted: 'stop' }
  writeFileSync(config, JSON.stringify({ topic: 'orders', groupId: 'billing', ...own }))
  const { code, stdout } = await zk(
    ...['bench', processor, '--config', config, '--speedup', '1', '--concurrency', '1,auto', '--messages', '4000'],
    ...[...short, '--json'],
  )
  expect(code).toBe(0)
  const [fixed, auto] = jsonLines(stdout)
  expect(fixed!.messages).toBeGreaterThan(0)
  // Of 'auto' it is the bound that the work will have.
  expect(auto!.autoLanes).toBeLessThanOrEqual(3)
}, 60_000)

test('zk bench counts what fails once and at once, whatever the file of the work says of it', async () => {
  const processor = join(dir, 'fails.mjs')
  writeFileSync(processor, 'export default { process() { throw new Error("no") } }')
  const config = join(dir, 'careful.json')
  writeFileSync(config, JSON.stringify({ circuitBreaker: {}, retry: { attempts: 5, backoffMs: 10_000 } }))
  const { code, stdout } = await zk(
    ...['bench', processor, '--config', config, '--speedup', '1', '--concurrency', '1', '--messages', '1000'],
    ...[...short, '--json'],
  )
  expect(code).toBe(1)
  const [point, recommendation] = jsonLines(stdout)
  expect(point).toMatchObject({ messages: 1_000, failed: 1_000 })
  expect(recommendation).toMatchObject({ sentence: 'Nothing to recommend: every message failed' })
}, 25_000)

test("zk bench measures concurrency 'auto' beside numbers, and says what it came to", async () => {
  const processor = join(dir, 'waits.mjs')
  writeFileSync(processor, 'export default { process: () => new Promise((done) => setTimeout(done, 2)) }')
  const { code, stdout } = await zk(
    ...['bench', processor, '--speedup', '1', '--concurrency', 'auto,2', '--messages', '8000'],
    ...['--repeats', '1', '--seconds', '0.3', '--json'],
  )
  expect(code).toBe(0)
  const [fixed, auto] = jsonLines(stdout)
  expect([fixed!.concurrency, fixed!.autoLanes]).toEqual([2, undefined])
  expect(auto!.concurrency).toBe('auto')
  expect(auto!.autoLanes).toBeGreaterThan(2)
  expect((auto!.busy as number[])[0]).toBeGreaterThan(0.01)
  // What waited while it was looking for its number does not count.
  expect(auto!.endToEndP50Ms).toBeLessThan(40)
}, 60_000)

test('zk bench says what the most frequent key of a sample allows, and measures end to end at half of that', async () => {
  const processor = join(dir, 'waits.mjs')
  writeFileSync(processor, 'export default { process: () => new Promise((done) => setTimeout(done, 5)) }')
  const sample = join(dir, 'uneven.ndjson')
  const lines = Array.from({ length: 200 }, (_, i) => ({ key: i % 2 === 0 ? 'hot' : `key-${i}`, value: 'v' }))
  writeFileSync(sample, lines.map((line) => JSON.stringify(line)).join('\n'))
  const { code, stdout } = await zk(
    ...['bench', processor, '--sample', sample, '--speedup', '1', '--concurrency', '1,64', '--messages', '4000'],
    ...['--repeats', '1', '--seconds', '0.5', '--json'],
  )
  expect(code).toBe(0)
  const [, many, { notes }] = jsonLines(stdout) as [object, { endToEndP99Ms: number }, { notes: string[] }]
  const [, allowed] = /^The most frequent key has 50 % of the messages, .* beyond (\d+) messages/m.exec(
    notes.join('\n'),
  )!
  expect(Number(allowed)).toBeLessThanOrEqual(1_000 / (0.5 * 5))
  expect(Number(allowed)).toBeGreaterThan(100)
  // At half of the throughput half of the messages would wait for one another, the last of them a second.
  expect(many.endToEndP99Ms).toBeLessThan(300)
}, 60_000)

describe('zk bench on a cluster', () => {
  let broker: MockCluster
  beforeAll(async () => {
    broker = createMockCluster()
    broker.createTopic('orders', 2)
    await fillTopic({
      ...{ bootstrapServers: broker.bootstrapServers, topic: 'orders', messages: 300 },
      record: (i) => ({ key: Buffer.from(`order-${i % 7}`), value: Buffer.from(`{"amount":${i}}`) }),
    })
  })
  afterAll(() => broker.close())

  test('--topic: its messages, on a cluster that lets nobody be in a group', async () => {
    const processor = join(dir, 'orders.mjs')
    writeFileSync(
      processor,
      `export default { process({ key, value, topic }) {
        if (!String(key).startsWith('order-') || JSON.parse(value).amount === undefined) throw new Error('no order')
      } }`,
    )
    // Whoever wants to be in a group there, or asks for or commits its offsets, is refused.
    for (const request of [JOIN_GROUP, OFFSET_COMMIT, OFFSET_FETCH]) {
      broker.pushRequestErrors(request, new Array(100).fill(GROUP_AUTHORIZATION_FAILED))
    }
    const { code, stdout } = await zk(
      ...['bench', processor, '--brokers', broker.bootstrapServers, '--topic', 'orders', '--speedup', '1'],
      ...['--concurrency', '1', '--messages', '1000', ...short, '--json'],
    )
    expect(code).toBe(0)
    expect(jsonLines(stdout)[0]).toMatchObject({ messages: 1_000, failed: 0 })
  }, 60_000)

  test('a topic without messages is said', async () => {
    broker.createTopic('empty', 1)
    const { code, stderr } = await zk(
      ...['bench', join(dir, 'orders.mjs'), '--brokers', broker.bootstrapServers, '--topic', 'empty'],
    )
    expect(code).toBe(1)
    expect(stderr).toContain('ZK_CLI_USAGE: topic empty has no messages to measure with')
  }, 60_000)
})

test.each([[['--topic', 'orders']], [['--on', 'brokers']]])(
  'zk bench %j without brokers is wrong usage',
  async (args) => {
    const { code, stderr } = await zk('bench', 'p.js', ...args)
    expect(code).toBe(1)
    expect(stderr).toMatch(/^ZK_CLI_USAGE: required option '--brokers <list>' not specified\. See zk bench --help\./)
  },
)

test.each([
  ['a processor that is not there', [], {}, 'ZK_PROCESSOR_NOT_FOUND'],
  ['a wait of batches that is none', ['--batch-wait=-5'], {}, 'ZK_CONFIG_INVALID'],
  ['an unknown field of the file', [], { proccessTimeoutMs: 1 }, 'ZK_CONFIG_INVALID'],
])('%s is told before any broker is asked', async (_what, flags, work, expected) => {
  const config = join(dir, 'strange.json')
  writeFileSync(config, JSON.stringify(work))
  const given = ['--config', config, '--brokers', '127.0.0.1:1']
  const { code, stderr } = await zk('bench', join(dir, 'nowhere.mjs'), ...given, ...flags)
  expect(code).toBe(1)
  expect(stderr).toMatch(new RegExp(`^${expected}: `))
})

test('a processor that ends the process is told as such', async () => {
  const processor = join(dir, 'ends.mjs')
  // A thread cannot exit the process by process.exit, only by a signal.
  writeFileSync(processor, 'export default { process() { process.kill(process.pid, "SIGKILL") } }')
  const { code, stderr } = await zk('bench', processor, '--messages', '10', ...short)
  expect(code).toBe(1)
  expect(stderr).toContain(
    'ZK_BENCH_RUN_DIED: The process that measured the processor ended by itself: signal SIGKILL.',
  )
}, 60_000)

// Beside each other: each is waited for 30 s.
test.concurrent.each([
  [
    'all handlers never end',
    'new Promise(() => {})',
    /No message has completed for 30 s in .*hangs\.mjs with speedup 1, concurrency 2: .* stands at offset 0 \(key key-.* its handler runs in thread 0 since .*\(sleeping\)/,
  ],
  [
    'one handler of many never ends',
    'new Promise((done) => ++begun !== 20 && setTimeout(done, 1))',
    /1 handler has not ended for 30 s in .*hangs\.mjs with speedup 1, concurrency 2: .*@\d+ key key-\d+ in thread 0\./,
  ],
])(
  '%s: told, with where it stands and what to do',
  async (_, handler, told) => {
    const processor = join(mkdtempSync(join(dir, 'hangs-')), 'hangs.mjs')
    writeFileSync(processor, `let begun = 0\nexport default { process: () => ${handler} }`)
    const { code, stdout, stderr } = await zk(
      ...['bench', processor, '--speedup', '1', '--concurrency', '2', '--messages', '5000', ...short, '--json'],
    )
    expect(code).toBe(1)
    expect(jsonLines(stdout).at(-1)).toMatchObject({ event: 'error', code: 'ZK_BENCH_STALLED' })
    expect(stderr).toContain('ZK_BENCH_STALLED: ')
    expect(stderr).toMatch(told)
  },
  90_000,
)

test('a way in which the process ends is left out and told, and the others are recommended from', async () => {
  const processor = join(dir, 'ends-crowded.mjs')
  writeFileSync(
    processor,
    `let running = 0
    export default { async process() {
      if (++running > 4) process.kill(process.pid, 'SIGKILL')
      await new Promise((done) => setTimeout(done, 5))
      running--
    } }`,
  )
  const html = join(dir, 'left-out.html')
  const { code, stdout, stderr } = await zk(
    ...['bench', processor, '--speedup', '1', '--concurrency', '1,4,16', '--messages', '2000', ...short],
    ...['--json', '--html', html],
  )
  expect(code).toBe(0)
  const lines = jsonLines(stdout)
  expect(lines.map(({ event, concurrency }) => [event, concurrency])).toEqual([
    ['bench', 1],
    ['bench', 4],
    ['left-out', 16],
    ['recommendation', 4],
  ])
  expect(lines[2]).toMatchObject({ speedup: 1, code: 'ZK_BENCH_RUN_DIED', message: expect.any(String) })
  const note = /speedup 1, concurrency 16 is left out, ZK_BENCH_RUN_DIED: .* signal SIGKILL\./
  expect((lines[3]!.notes as string[]).join('\n')).toMatch(note)
  expect(readFileSync(html, 'utf8')).toMatch(note)
  expect(stderr).toContain('speedup 1, concurrency 16  ZK_BENCH_RUN_DIED')
}, 60_000)

test('a processor that fails on every message logs the first of them and how many more there are', async () => {
  const processor = join(dir, 'fails.mjs')
  writeFileSync(processor, 'export default { process() { throw new Error("no") } }')
  const { stderr } = await zk('bench', processor, '--speedup', '1', '--concurrency', '1', '--messages', '500', ...short)
  const logged = stderr.split('\n').filter((line) => line.includes('The handler failed'))
  expect(logged).toHaveLength(4)
  expect(logged.at(-1)).toContain('"msg":"497 more: The handler failed')
}, 60_000)

describe('zk bench --value', () => {
  const few = ['--speedup', '1', '--concurrency', '1', '--messages', '50', ...short]
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
      '\nMessages failed: these are not the speeds of the processor at its work.\nUp to 50 % of the messages failed: the errors say why.\n'
    if (failed > 0) expect(stdout).toContain(sentence)
    else expect(stdout).not.toContain('of the messages failed')
  })

  test('without it a processor of JSON fails on every message, and the table says what to do', async () => {
    const processor = join(dir, 'parse.mjs')
    writeFileSync(processor, 'export default { process({ value }) { JSON.parse(value.toString()) } }')
    const { code, stdout } = await zk('bench', processor, ...few)
    expect(code).toBe(1)
    expect(stdout).toMatch(
      /\nUp to 100 % of the messages failed: --value <file> or --sample <file> gives messages that it understands\.\n$/,
    )
  })

  test.each([
    [['--size', '2000000'], 'Expected at most 900000.'],
    [['--value', 'nowhere.json'], 'Expected a file: ENOENT'],
    [['--sample', 'nowhere.jsonl'], 'Expected a file: ENOENT'],
    [['--seconds', '0'], 'Expected seconds, 0.05 to 3600.'],
    [['--speedup', '1,99999999999999999999'], 'Expected a whole number of threads, 1 to 1024.'],
    [['--concurrency', '1,100001'], "Expected a whole number of messages, 1 to 100000, or 'auto'."],
    [['--html', 'nowhere/report.html'], 'Expected a file that can be written: ENOENT'],
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
  const { code, stderr } = await zk('bench', processor, '--messages', '3000', '--size', '100000', '--speedup', '1')
  expect(code).toBe(1)
  expect(stderr).toMatch(/ZK_CLI_USAGE: The embedded broker keeps \d+ of 3000 such messages/)
})

test('zk bench makes no more keys than it has messages', async () => {
  const processor = join(dir, 'keys.mjs')
  writeFileSync(processor, 'export default { process() {} }')
  const { code } = await zk(
    'bench',
    processor,
    ...['--keys', '2000000000', '--messages', '50', '--speedup', '1'],
    ...short,
  )
  expect(code).toBe(0)
}, 20_000)

test('zk bench with a processor that is missing: its error, exit 1, and no report', async () => {
  const html = join(dir, 'never.html')
  const { code, stdout, stderr } = await zk(
    'bench',
    join(dir, 'nowhere.mjs'),
    '--speedup',
    '1',
    '--messages',
    '10',
    '--html',
    html,
    '--json',
  )
  expect(code).toBe(1)
  expect(jsonLines(stdout).at(-1)).toMatchObject({ event: 'error', code: 'ZK_PROCESSOR_NOT_FOUND' })
  expect(stderr).toContain('zk explain ZK_PROCESSOR_NOT_FOUND')
  expect(existsSync(html)).toBe(false)
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
