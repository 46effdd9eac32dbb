/** The eight lifecycle hooks: when each is called, with what, and what its errors do not do. docs/guides/hooks.md lists them. */
import { readFileSync } from 'node:fs'
import type { Hooks, WorkInput } from '@zk/runtime'
import { chainHooks } from '@zk/runtime'
import { expect, test, vi } from 'vitest'
import { readers } from './stage.js'
import { stage } from './the-stage.js'

const processor = new URL('./processors/hooked.mjs', import.meta.url)

interface Line {
  hook: string
  offset: number
  attempt: number
  values: Record<string, unknown>
  groupId: string
  virtualPartition: number
  at: number
  status?: string
  error?: string
  durationMs?: number
}

const mainHooks = [
  'postReadImmediate',
  'postRead',
  'postFanout',
  'preWrite',
  'postAck',
  'circuitBreakerStateChanged',
] as const satisfies readonly (keyof Hooks)[]

/** What a hook was given first. */
type Given = { records: number; offset: number; rawValue: Buffer }

/** All hooks of the main thread, and what each of their calls was given. */
function counting() {
  const calls = Object.fromEntries(mainHooks.map((name) => [name, []])) as unknown as Record<keyof Hooks, unknown[][]>
  const hooks = mainHooks.map((name) => [name, (...given: unknown[]) => void calls[name].push(given)])
  const first = (name: keyof Hooks) => calls[name].map(([given]) => given as Given)
  return { calls, first, hooks: Object.fromEntries(hooks) as Hooks }
}

/** A topic with these values, a work over them, and what was written down in its thread. */
async function played(
  values: readonly string[],
  input: Omit<Partial<WorkInput>, 'topic' | 'topics'> = {},
  options: object = {},
) {
  const topic = await stage.topic(1)
  await stage.produce(
    topic,
    values.map((value, i) => ({ key: `k${i}`, value, headers: { n: `${i}` } })),
  )
  const { path } = stage.journal()
  const play = stage.play(
    { topic, processor, speedup: 1, processorOptions: { journal: path, ...options }, ...input },
    { untilEnd: true },
  )
  const summary = await play.run
  const lines = readFileSync(path, 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((line): Line => JSON.parse(line))
  return { topic, play, summary, lines, of: (hook: string) => lines.filter((line) => line.hook === hook) }
}

test.each(readers)(
  'each hook about reading and processing is called once for each record, and no other; %s',
  async (reader) => {
    const { calls, first, hooks } = counting()
    const { of, lines, play, topic, summary } = await played(['a', 'b', 'c', 'd', 'e'], { hooks, reader })
    expect(summary).toMatchObject({ processed: 5, failed: 0 })
    for (const hook of ['preProcessing', 'process', 'postProcessing'])
      expect(of(hook).map(({ offset }) => offset)).toEqual([0, 1, 2, 3, 4])
    expect(lines.filter(({ offset }) => offset === 2).map(({ hook }) => hook)).toEqual([
      'preProcessing',
      'process',
      'postProcessing',
    ])
    expect(of('preProcessing')[0]).toMatchObject({ topic, groupId: play.groupId, virtualPartition: 0, attempt: 1 })
    expect(of('postProcessing')[0]).toMatchObject({ status: 'done', durationMs: expect.any(Number) })
    expect(first('postRead').map(({ offset, rawValue }) => `${offset} ${rawValue}`)).toEqual([
      '0 a',
      '1 b',
      '2 c',
      '3 d',
      '4 e',
    ])
    expect(calls.postRead[0]).toMatchObject([
      { topic, partition: 0, key: Buffer.from('k0') },
      { groupId: play.groupId },
    ])
    const reads = first('postReadImmediate').map(({ records }) => records)
    expect(reads.reduce((sum, records) => sum + records, 0)).toBe(5)
    expect(first('postFanout').map(({ records }) => records)).toEqual(reads)
    for (const other of ['preWrite', 'postAck', 'circuitBreakerStateChanged'] as const) expect(calls[other]).toEqual([])
  },
)

test('values of postRead reach the processor, at each attempt and in the thread that follows one that died', async () => {
  const hooks: Hooks = { postRead: ({ offset, headers }) => ({ trace: `t${offset}`, n: headers.get('n')?.toString() }) }
  const { of, summary } = await played(['a', 'once', 'exit'], { hooks, retry: { attempts: 3, backoffMs: 1 } })
  expect(summary).toMatchObject({ processed: 3, failed: 0, threadDeaths: 1 })
  const seen = of('process').map(({ offset, attempt, values }) => ({ offset, attempt, ...values }))
  for (const [offset, attempt] of [
    [0, 1],
    [1, 1],
    [1, 2],
    [2, 1],
    [2, 2],
  ]) {
    expect(seen).toContainEqual({ offset, attempt, trace: `t${offset}`, n: `${offset}`, before: offset })
  }
})

test.each(readers)(
  'preWrite adds headers to outputs and to dead letters, and postAck hears of both; %s',
  async (reader) => {
    const [out, dlt] = [await stage.topic(1), await stage.topic(1)]
    const postAck = vi.fn()
    const preWrite = vi.fn(() => ({ headers: { hello: 'world', abc: 'def', 'zk.dlt.cause': 'mine' } }))
    const { summary, play } = await played(
      ['send', 'bad', 'send'],
      { hooks: { preWrite, postAck }, reader, deadLetterTopic: dlt },
      { out },
    )
    expect(summary).toMatchObject({ processed: 3, deadLettered: 1 })
    expect(preWrite).toHaveBeenCalledTimes(3)
    const acks = postAck.mock.calls
      .map(([ack]) => ack)
      .sort((a, b) => a.kind.localeCompare(b.kind) || a.offset - b.offset)
    const common = { groupId: play.groupId, partition: 0, error: undefined, durationMs: expect.any(Number) }
    expect(acks).toEqual([
      { ...common, kind: 'dead-letter', topic: dlt, offset: 0 },
      { ...common, kind: 'output', topic: out, offset: 0 },
      { ...common, kind: 'output', topic: out, offset: 1 },
    ])
    const [letter] = await stage.deadLetters(dlt)
    // Where it is from and why is not the hook's to say.
    expect(letter).toMatchObject({ cause: 'error', headers: { hello: 'world', abc: 'def', n: '1' } })
    const headers: string[][] = []
    const read: Hooks = {
      postRead: (message) => void headers.push([...message.headers].map(([name, value]) => `${name}=${value}`)),
    }
    await stage.play(
      { topic: out, hooks: read, processorOptions: { journal: stage.journal().path } },
      { untilEnd: true },
    ).run
    expect(headers).toEqual(
      [
        ['hello=world', 'abc=def', 'zk.dlt.cause=mine'],
        ['hello=world', 'abc=def', 'zk.dlt.cause=mine'],
      ].map((list) => expect.arrayContaining(list)),
    )
    // The handler's own `abc` was replaced.
    for (const list of headers) expect(list).toHaveLength(3)
  },
)

test('postAck hears of a record that the brokers refuse', async () => {
  const postAck = vi.fn()
  const out = await stage.topic(1)
  const { summary } = await played(['send'], { hooks: { postAck } }, { out, to: 99 })
  expect(summary).toMatchObject({ processed: 1, failed: 1 })
  expect(postAck.mock.calls).toMatchObject([
    [{ kind: 'output', topic: out, offset: -1, error: { code: expect.any(Number) } }],
  ])
})

test.each(['throw', 'reject'])(
  'hooks that %s each time change nothing, and each is counted and logged',
  async (fails) => {
    const [out, dlt] = [await stage.topic(1), await stage.topic(1)]
    const fail = (): never | Promise<never> => {
      if (fails === 'throw') throw new Error('the hook’s')
      return Promise.reject(new Error('the hook’s'))
    }
    const hooks = Object.fromEntries(mainHooks.map((name) => [name, fail])) as Hooks
    const { summary, of, play } = await played(
      ['send', 'bad', 'a'],
      { hooks, deadLetterTopic: dlt, circuitBreaker: { after: 1, forMs: 100 } },
      { out, fails },
    )
    expect(summary).toMatchObject({ reason: 'drained', processed: 3, deadLettered: 1, committed: 3 })
    // The processor is not passed over, and a record that is done has not failed.
    expect(of('process')).toHaveLength(3)
    expect(of('postProcessing').map(({ status }) => status)).toEqual(['done', 'failed', 'done'])
    expect(await stage.deadLetters(dlt)).toMatchObject([{ cause: 'error' }])
    const metrics = await play.work.metrics()
    const times = { postRead: 3, preProcessing: 3, postProcessing: 3, preWrite: 2, postAck: 2 }
    for (const [name, count] of Object.entries(times)) {
      expect(metrics).toMatch(new RegExp(`zk_callback_errors_total\\{callback="${name}",[^}]*\\} ${count}\\b`))
    }
    for (const name of ['postReadImmediate', 'postFanout', 'circuitBreakerStateChanged']) {
      expect(metrics).toMatch(new RegExp(`zk_callback_errors_total\\{callback="${name}",[^}]*\\} [1-9]`))
    }
    const logged = play.log.all.filter(({ message }) => message.endsWith('failed; the work goes on'))
    expect(new Set(logged.map(({ fields }) => fields.callback))).toEqual(
      new Set([...mainHooks, 'preProcessing', 'postProcessing']),
    )
    expect(logged.find(({ fields }) => fields.callback === 'preProcessing')?.fields).toMatchObject({
      err: { message: 'the hook’s' },
      thread: 0,
      offset: 0,
    })
  },
)

test('changes of a circuit are told, from the one that opens it to the one that closes it', async () => {
  const changes: string[] = []
  const hooks: Hooks = {
    circuitBreakerStateChanged: ({ from, to, partition, groupId }) =>
      void changes.push(`${from} to ${to} ${partition} ${groupId}`),
  }
  const { play } = await played(['bad', 'bad', ...Array(10).fill('slow')], {
    ...{ hooks, circuitBreaker: { after: 2, forMs: 300 } },
  })
  const all = (change: string) => `${change} undefined ${play.groupId}`
  expect(changes).toEqual(['closed to open', 'open to half-open', 'half-open to closed'].map(all))
})

test('postProcessing comes when a handler that its deadline has passed really ends', async () => {
  const { of, summary } = await played(['late'], { processTimeoutMs: 300 })
  expect(summary).toMatchObject({ processed: 1, failed: 1, threadDeaths: 0 })
  const [end] = of('postProcessing')
  expect(of('postProcessing')).toHaveLength(1)
  expect(end).toMatchObject({ status: 'failed', error: expect.stringContaining('processTimeoutMs') })
  expect(end!.durationMs).toBeGreaterThanOrEqual(340)
})

test('a hooks module in TypeScript is called in the threads, before the processor’s own hooks', async () => {
  const hooksModule = new URL('./processors/shared-hooks.ts', import.meta.url)
  const { lines, of } = await played(['a', 'bad'], { hooksModule })
  expect(lines.filter(({ offset }) => offset === 1).map(({ hook }) => hook)).toEqual([
    ...['shared preProcessing', 'preProcessing', 'process', 'shared postProcessing', 'postProcessing'],
  ])
  expect(of('process')[0]!.values).toEqual({ shared: true, before: 0 })
  expect(of('shared postProcessing').map(({ status }) => status)).toEqual(['done', 'failed'])
})

test('a hooks module without hooks for threads keeps the work from starting', async () => {
  const topic = await stage.topic(1)
  const hooksModule = new URL('./processors/recorder.mjs', import.meta.url)
  const { error } = await stage.play({
    topic,
    processor,
    hooksModule,
    processorOptions: { journal: stage.journal().path },
  }).ended
  expect(error).toMatchObject({ code: 'ZK_HOOKS_INVALID' })
})

test('hooks that are chained are all called, and what one throws takes nothing from the others', async () => {
  const calls: string[] = []
  const chained = chainHooks(
    { postRead: () => ({ a: 1 }) },
    {
      postRead() {
        throw new Error('the second’s')
      },
    },
    { postRead: (_message, { values }) => ({ b: Number(values.a) + 1 }), postFanout: () => void calls.push('fan-out') },
  )
  const { of, play } = await played(['a'], { hooks: chained })
  expect(of('process')[0]!.values).toMatchObject({ a: 1, b: 2 })
  expect(calls.length).toBeGreaterThan(0)
  expect(play.log.all.find(({ fields }) => fields.callback === 'postRead')?.fields.err).toBeInstanceOf(AggregateError)
})
