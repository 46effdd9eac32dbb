import { randomUUID } from 'node:crypto'
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { byKey, disorder, places } from './journal.js'
import { isReal } from './stage.js'
import { stage } from './the-stage.js'
import { eventually, openGate } from './waiting.js'
import { Zk, zkRun } from './zk.js'

const typescript = new URL('./processors/typescript.ts', import.meta.url)

test('an error in a TypeScript processor names the line of its source', async () => {
  const topic = await stage.topic(1)
  await stage.produce(topic, [{ key: 'bad' }])
  const play = stage.play({ topic, processor: typescript }, { untilEnd: true })
  expect(await play.run).toMatchObject({ processed: 1, failed: 1 })
  const { err } = play.log.all.find(({ level }) => level === 'error')!.fields as { err: Error }
  const line =
    readFileSync(typescript, 'utf8')
      .split('\n')
      .findIndex((text) => text.includes("new Error('refused")) + 1
  expect(err.stack).toContain(`typescript.ts:${line}:`)
})

test('lines of ctx.log reach the logger with thread, topic, partition and offset, in order', async () => {
  const topic = await stage.topic(2)
  await stage.produce(topic, [{ key: 'a' }, { key: 'a' }, { key: 'b', partition: 1 }])
  const play = stage.play({ topic, speedup: 1, processor: typescript }, { untilEnd: true })
  await play.run
  const lines = play.log.all.filter(({ message }) => message === 'handled')
  expect(lines.filter(({ fields }) => fields.partition === 0).map(({ fields }) => fields)).toEqual([
    { thread: 0, topic, partition: 0, offset: 0, length: 1, loggedAt: expect.any(Number) },
    { thread: 0, topic, partition: 0, offset: 1, length: 1, loggedAt: expect.any(Number) },
  ])
  expect(lines.filter(({ fields }) => fields.partition === 1)).toHaveLength(1)
  expect(play.log.all.filter(({ message }) => message === 'set up')[0]!.fields).toMatchObject({ thread: 0 })
})

test('what a handler prints to stdout goes to stderr under zk run --json', async () => {
  const topic = await stage.topic(1)
  await stage.produce(topic, [{ key: 'loud' }])
  const group = randomUUID()
  const args = ['--brokers', stage.bootstrapServers, '--topic', topic, '--group', group, '--until-end', '--json']
  const zk = new Zk(['run', typescript.pathname, ...args])
  stage.alsoEnd(zk)
  expect((await zk.exited).code).toBe(0)
  expect(zk.stderr()).toContain('printed by the handler')
  expect(zk.last()).toMatchObject({ event: 'stopped', processed: 1 })
})

test('work.state() is plain data of the promised shape, before, during and after a run', async () => {
  const topic = await stage.topic(2)
  await stage.produce(topic, [{ key: 'gated' }, { key: 'b', partition: 1 }, { key: 'gated' }])
  const journal = stage.journal()
  const gate = new SharedArrayBuffer(4)
  const processorOptions = { journal: journal.path, ms: 0, rules: { gated: 'gate' }, gate }
  const play = stage.play({ topic, speedup: 2, concurrency: 2, processorOptions })
  await journal.until(() => journal.starts().length === 2 && journal.done().length === 1)
  await eventually(() => {
    const { counters, window, threads } = play.work.state()!
    const queued = threads.reduce((sum, thread) => sum + thread.queued, 0)
    return counters.processed === 1 && window.messages === 2 && queued === 1
  })
  const state = play.work.state()!
  expect(JSON.parse(JSON.stringify(state))).toEqual(state)
  expect(Object.keys(state).sort()).toEqual(['counters', 'partitions', 'phase', 'reader', 'threads', 'window'])
  expect(state).toMatchObject({ phase: 'running', reader: 'native', window: { messages: 2, maxBytes: 64 * 2 ** 20 } })
  expect(state.window.bytes).toBeGreaterThan(0)
  expect(state.partitions.map(({ partition, inFlight, lag }) => ({ partition, inFlight, lag }))).toEqual(
    expect.arrayContaining([
      { partition: 0, inFlight: 2, lag: 2 },
      { partition: 1, inFlight: 0, lag: 0 },
    ]),
  )
  expect(state.threads.map(({ index, up }) => ({ index, up }))).toEqual([
    { index: 0, up: true },
    { index: 1, up: true },
  ])
  expect(state.threads.reduce((sum, { running }) => sum + running, 0)).toBe(1)
  expect(state.threads.reduce((sum, { queued }) => sum + queued, 0)).toBe(1)
  expect(state.counters).toMatchObject({ processed: 1, failed: 0, redelivered: 0, threadDeaths: 0 })

  openGate(gate)
  // A drain finishes what has started and no more.
  await journal.untilDone(3)
  const summary = await play.drain()
  expect(summary).toMatchObject({
    ...{ reason: 'drained', processed: 3, failed: 0, deadLettered: 0, redelivered: 0, threadDeaths: 0, committed: 3 },
    blocked: [],
  })
  expect(play.work.state()).toMatchObject({ phase: 'stopped', window: { messages: 0, bytes: 0 } })
})

test('--until-end over empty partitions, and over none that has anything, ends with exit 0', async () => {
  for (const records of [[{ key: 'a', partition: 1 }], []]) {
    const topic = await stage.topic(4)
    if (records.length > 0) await stage.produce(topic, records)
    const journal = stage.journal()
    const options = { journal: journal.path }
    const zk = zkRun(stage, { topic, group: randomUUID(), options, args: ['--until-end'] })
    expect((await zk.exited).code).toBe(0)
    expect(zk.last()).toMatchObject({ event: 'stopped', processed: records.length, committed: records.length })
  }
})

// The embedded broker writes no markers into its logs.
const onMarkers = '--until-end over a topic that ends with transaction markers ends, and leaves no phantom lag'
test.runIf(isReal)(onMarkers, async () => {
  const topic = await stage.topic(1)
  await stage.produceInTransactions(topic, [
    { records: [{ key: 'a' }, { key: 'b' }], outcome: 'commit' },
    { records: [{ key: 'never' }], outcome: 'abort' },
    { records: [{ key: 'c' }], outcome: 'commit' },
    { records: [{ key: 'never' }], outcome: 'abort' },
  ])
  const journal = stage.journal()
  const group = randomUUID()
  const zk = zkRun(stage, { topic, group, options: { journal: journal.path }, args: ['--until-end'] })
  expect((await zk.exited).code).toBe(0)
  expect(
    journal
      .done()
      .map(({ key }) => key)
      .sort(),
  ).toEqual(['a', 'b', 'c'])
  // 5 records and 4 markers: the commit stands at the end of the log.
  expect(await stage.committed(group, topic)).toEqual([9])
})

test.each(['processor.ts', 'processor.mjs'])(
  '--watch of %s replaces the threads and not the consumer',
  async (name) => {
    const topic = await stage.topic(2)
    await stage.produce(topic, [{ key: 'a' }])
    const journal = stage.journal()
    const file = join(stage.folder(), name)
    copyFileSync(new URL('./processors/recorder.mjs', import.meta.url), file)
    const options = { journal: journal.path }
    const zk = zkRun(stage, {
      topic,
      group: randomUUID(),
      options,
      processor: file,
      args: ['--watch', '--speedup', '2'],
    })
    await journal.untilDone(1)
    const before = readFileSync(file, 'utf8')
    writeFileSync(file, before.replace('value: text(message.rawValue)', "value: 'changed'"))
    await zk.log.until((line) => line.includes('The processor was reloaded'))
    // Both threads began anew; before them a spare one, which sees the first index, tried the module.
    const setUp = (thread: number) =>
      journal.lines().filter((line) => line.type === 'setup' && line.thread === thread).length
    await journal.until(() => setUp(0) === 3 && setUp(1) === 2)
    await stage.produce(topic, [{ key: 'a' }, { key: 'b', partition: 1 }])
    await journal.untilDone(3)
    expect(journal.done().map(({ value }) => value)).toEqual(['x', 'changed', 'changed'])
    expect(zk.printed.all.filter(({ event }) => event === 'revoked' || event === 'lost')).toEqual([])
    expect(zk.printed.all.filter(({ event }) => event === 'assigned')).toHaveLength(1)

    // A change that does not compile leaves the threads as they are.
    writeFileSync(file, 'export default {')
    await zk.log.until((line) => line.includes('was not loaded'))
    const produced = await stage.produce(topic, [{ key: 'a' }])
    await journal.untilDone(4)
    expect(places(journal.done().slice(3))).toEqual(places(produced))
    expect(disorder(journal.lines(), byKey)).toEqual([])
    zk.kill('SIGTERM')
    expect((await zk.exited).code).toBe(0)
  },
)

test('reloads that are asked for together are made one after the other', async () => {
  const topic = await stage.topic(1)
  await stage.produce(topic, [{ key: 'a' }])
  const journal = stage.journal()
  const play = stage.play({ topic, speedup: 1, processorOptions: { journal: journal.path, ms: 200 } })
  await journal.until(() => journal.starts().length === 1)
  await Promise.all([play.work.reload(), play.work.reload()])
  const count = (type: string) => journal.lines().filter((line) => line.type === type).length
  // Each tries the module in a spare thread, and replaces the one that there is.
  expect({ setup: count('setup'), teardown: count('teardown') }).toEqual({ setup: 5, teardown: 2 })
  expect(play.events.all.filter(({ type }) => type === 'thread-gone')).toHaveLength(2)
})
