import { randomUUID } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { type Journal, places } from './journal.js'
import { keyed, type RecordToProduce, readers } from './stage.js'
import { stage } from './the-stage.js'
import { Zk, zkRun } from './zk.js'

const PARTITIONS = 2
let group: string

/** A run of `zk` over a new topic of two partitions. */
async function given(records: readonly RecordToProduce[], options: object, args: string[] = []) {
  const topic = await stage.topic(PARTITIONS)
  const produced = await stage.produce(topic, records)
  const journal: Journal = stage.journal()
  group = `g-${randomUUID()}`
  const zk = zkRun(stage, { topic, group, options: { journal: journal.path, ...options }, args })
  return { topic, produced, journal, zk }
}

const sum = (offsets: readonly number[]) => offsets.reduce((total, offset) => total + Math.max(0, offset), 0)

describe.each(readers)('%s reader', (reader) => {
  const own = ['--reader', reader]

  test.each(['SIGTERM', 'SIGINT'] as const)('%s under load: exit 0, committed is processed', async (signal) => {
    const { topic, journal, zk } = await given(keyed(2000, { partitions: PARTITIONS }), { ms: 2 }, [
      ...own,
      '--speedup',
      '2',
      '--concurrency',
      '4',
    ])
    await journal.untilDone(100)
    zk.kill(signal)
    expect(await zk.exited).toMatchObject({ code: 0, signal: null })

    const { event, processed, committed, reason } = zk.last()
    expect({ event, reason }).toEqual({ event: 'stopped', reason: 'drained' })
    expect(committed).toBe(processed)
    expect(journal.starts()).toHaveLength(processed as number)
    expect(journal.done()).toHaveLength(processed as number)
    expect(processed).toBeLessThan(2000)
    expect(sum(await stage.committed(group, topic))).toBe(processed)
    expect(journal.lines().filter(({ type }) => type === 'teardown')).toHaveLength(2)
  })

  test('a handler that outlasts the deadline: exit 2, and the record is named with its key', async () => {
    const records = [{ key: 'a' }, { key: 'stuck' }, { key: 'b' }]
    const options = { ms: 0, rules: { stuck: 'hang-deaf' } }
    const args = [...own, '--speedup', '2', '--concurrency', '4', '--shutdown-timeout', '500']
    const { topic, journal, zk } = await given(records, options, args)
    await journal.untilDone(2)
    zk.kill('SIGTERM')
    expect((await zk.exited).code).toBe(2)

    expect(zk.last()).toMatchObject({
      event: 'stopped',
      reason: 'deadline',
      blocked: [{ topic, partition: 0, offset: 1, key: 'stuck' }],
    })
    expect(zk.stderr()).toContain('ZK_SHUTDOWN_DEADLINE')
    expect(zk.stderr()).toContain(`${topic}[0]@1 key stuck`)
    expect((await stage.committed(group, topic))[0]).toBe(1)
  })

  test('a handler that never returns to its event loop does not keep the process: exit 2', async () => {
    const options = { ms: 0, rules: { spinner: 'spin' } }
    const args = [...own, '--speedup', '2', '--shutdown-timeout', '300']
    const { topic, journal, zk } = await given([{ key: 'spinner' }, { key: 'b' }], options, args)
    await journal.until(({ lines }) =>
      lines.call(journal).some((line) => line.type === 'start' && line.key === 'spinner'),
    )
    zk.kill('SIGTERM')
    expect((await zk.exited).code).toBe(2)
    expect(zk.last()).toMatchObject({ blocked: [{ topic, partition: 0, offset: 0, key: 'spinner' }] })
  })

  test('a handler that obeys ctx.signal at the deadline ends the process with the deadline’s code all the same', async () => {
    const options = { ms: 0, rules: { obedient: 'hang' } }
    const args = [...own, '--speedup', '1', '--shutdown-timeout', '300']
    const { topic, journal, zk } = await given([{ key: 'obedient' }], options, args)
    await journal.until(() => journal.starts().length === 1)
    zk.kill('SIGTERM')
    expect((await zk.exited).code).toBe(2)
    expect(journal.lines().at(-1)).toMatchObject({ type: 'teardown' })
    expect(journal.done()).toHaveLength(0)
    expect(zk.last()).toMatchObject({ reason: 'deadline', blocked: [{ topic, key: 'obedient' }] })
  })
})

test.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)('a second %s aborts: exit %i, nothing unfinished committed', async (signal, code) => {
  const options = { ms: 0, rules: { stuck: 'hang-deaf' } }
  const { topic, journal, zk } = await given([{ key: 'a' }, { key: 'stuck' }], options, ['--speedup', '1'])
  await journal.until(() => journal.starts().length === 2)
  zk.kill('SIGTERM')
  await zk.log.until((line) => line.includes('a second signal aborts'))
  zk.kill(signal)
  expect((await zk.exited).code).toBe(code)
  expect(zk.last()).toMatchObject({ event: 'stopped', reason: 'aborted' })
  expect((await stage.committed(group, topic))[0]).toBe(1)
})

test('SIGTERM while it starts ends it with code 0, and nothing was consumed', async () => {
  const { topic, produced, journal, zk } = await given(keyed(10, { partitions: PARTITIONS }), {}, ['--speedup', '1'])
  await zk.log.until((line) => line.includes('Starting 1 threads'))
  zk.kill('SIGTERM')
  expect((await zk.exited).code).toBe(0)
  expect(zk.last()).toMatchObject({ event: 'stopped', reason: 'drained', processed: 0 })
  expect(journal.starts()).toEqual([])

  const next = zkRun(stage, { topic, group, options: { journal: journal.path }, args: ['--until-end'] })
  expect((await next.exited).code).toBe(0)
  expect(places(journal.done())).toEqual(places(produced))
})

test('SIGTERM before its modules are loaded ends it with code 0', async () => {
  const topic = await stage.topic(PARTITIONS)
  const preload = new URL('./programs/terminate-early.cjs', import.meta.url).pathname
  const env = { NODE_OPTIONS: `--require ${preload}` }
  const zk = zkRun(stage, { topic, group: 'early', options: { journal: stage.journal().path }, env })
  expect(await zk.exited).toMatchObject({ code: 0, signal: null })
  expect(zk.stderr()).toContain('SIGTERM sent')
  expect(zk.last()).toMatchObject({ event: 'stopped', reason: 'drained', processed: 0 })
})

test('a run to the end ends by itself, and soon', async () => {
  const { zk } = await given(keyed(10, { partitions: PARTITIONS }), {}, ['--until-end'])
  expect((await zk.exited).code).toBe(0)
  expect(zk.last()).toMatchObject({ event: 'stopped', processed: 10, committed: 10 })
  const events = zk.printed.all.map(({ event }) => event)
  expect(events.filter((event) => event !== 'thread-up').slice(0, 2)).toEqual(['ready', 'assigned'])
})

test('run() in a program of one’s own leaves no handle open', async () => {
  const topic = await stage.topic(PARTITIONS)
  await stage.produce(topic, keyed(20, { partitions: PARTITIONS }))
  const journal = stage.journal()
  const program = new URL('./programs/library.mjs', import.meta.url).pathname
  const env = { BROKERS: stage.bootstrapServers, TOPIC: topic, JOURNAL: journal.path }
  const child = Zk.program(program, env)
  stage.alsoEnd(child)
  expect((await child.exited).code).toBe(0)
  expect(child.printed.all).toEqual([
    { event: 'summary', reason: 'drained', processed: 20 },
    { event: 'handles', open: [] },
  ])
})

test('a run that is shut down just as its consumer connects leaves nothing that keeps the process', async () => {
  const topic = await stage.topic(PARTITIONS)
  const program = new URL('./programs/stopped-early.mjs', import.meta.url).pathname
  const env = { BROKERS: stage.bootstrapServers, TOPIC: topic, JOURNAL: stage.journal().path }
  const child = Zk.program(program, env)
  stage.alsoEnd(child)
  expect((await child.exited).code).toBe(0)
  expect(child.printed.all).toEqual([{ event: 'summary', reason: 'drained' }])
})
