/** Health, metrics and state, from the library and over HTTP. */
import { randomUUID } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createClient } from '@zk/runtime'
import { expect, test } from 'vitest'
import { type LogLine, recordingLogger } from './recording-logger.js'
import { quick, recorder } from './stage.js'
import { stage } from './the-stage.js'
import { eventually, openGate } from './waiting.js'
import { Zk, zkRun } from './zk.js'

const faulty = new URL('./processors/faulty.mjs', import.meta.url)

/** Where the run serves, once it does. */
async function asker(zk: Zk) {
  const { host, port } = await zk.printed.until(({ event }) => event === 'health')
  return async (path: string) => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`)
    return { status: response.status, host, body: await response.text() }
  }
}

/** A metric's value; the labels in any order. */
function sample(text: string, name: string, labels: Record<string, string> = {}): number | undefined {
  const line = text
    .split('\n')
    .find(
      (one) =>
        one.startsWith(`${name}{`) &&
        Object.entries(labels).every(([label, value]) => one.includes(`${label}="${value}"`)),
    )
  return line === undefined ? undefined : Number(line.split(' ').at(-1))
}

test('zk run --health-port serves /livez, /readyz, /metrics and /state, until it has drained', async () => {
  const topic = await stage.topic(2)
  const journal = stage.journal()
  const group = randomUUID()
  const options = { journal: journal.path, ms: 0, rules: { slow: 'hang-deaf' } }
  const args = ['--health-port', '0', '--speedup', '2', '--shutdown-timeout', '3000']
  const zk = zkRun(stage, { topic, group, options, args })
  const ask = await asker(zk)
  const early = await ask('/readyz')
  // It serves from the start on, and is ready with its first assignment.
  expect(early).toMatchObject({ status: 503, host: '127.0.0.1' })
  expect(JSON.parse(early.body)).toMatchObject({
    ok: false,
    reasons: [expect.stringMatching(/^(not started|starting|no assignment)/)],
  })
  expect((await ask('/livez')).status).toBe(200)
  await zk.printed.until(({ event }) => event === 'ready')
  expect(JSON.parse((await ask('/readyz')).body)).toEqual({ ok: true, reasons: [], stalls: [] })

  await stage.produce(topic, [{ key: 'a' }, { key: 'slow' }, { key: 'b', partition: 1 }])
  await journal.until(() => journal.starts().length === 3 && journal.done().length === 2)
  await eventually(async () => sample((await ask('/metrics')).body, 'zk_records_committed_total') === 2)
  const { body: text } = await ask('/metrics')
  expect(sample(text, 'zk_partition_lag', { topic, partition: '0', group })).toBe(1)
  expect(sample(text, 'zk_partition_lag', { topic, partition: '1', group })).toBe(0)
  expect(sample(text, 'zk_window_messages')).toBe(1)
  expect(sample(text, 'zk_records_processed_total')).toBe(2)
  expect([0, 1].map((thread) => sample(text, 'zk_thread_up', { thread: `${thread}` }))).toEqual([1, 1])
  expect(sample(text, 'zk_thread_deaths_total', { cause: 'exit' })).toBe(0)
  expect(sample(text, 'zk_ready')).toBe(1)
  const state = JSON.parse((await ask('/state')).body)
  expect(Object.keys(state).sort()).toEqual(['counters', 'partitions', 'phase', 'reader', 'threads', 'window'])
  expect(state).toMatchObject({ phase: 'running', counters: { processed: 2 } })

  zk.kill('SIGTERM')
  await eventually(async () => (await ask('/readyz')).status === 503)
  const [ready, live] = [await ask('/readyz'), await ask('/livez')]
  expect(JSON.parse(ready.body).reasons).toEqual([expect.stringMatching(/^stopping/)])
  expect(live.status).toBe(200)
  expect((await zk.exited).code).toBe(2)
})

test('beyond loopback /state is refused, and the rest is not', async () => {
  const topic = await stage.topic(1)
  const options = { journal: stage.journal().path }
  const args = ['--health-port', '0', '--health-host', '0.0.0.0']
  const zk = zkRun(stage, { topic, group: randomUUID(), options, args })
  const ask = await asker(zk)
  expect(await ask('/state')).toMatchObject({ status: 403, host: '0.0.0.0' })
  expect((await ask('/livez')).status).toBe(200)
  expect((await ask('/metrics')).status).toBe(200)
  await zk.printed.until(({ event }) => event === 'ready')
  zk.kill('SIGTERM')
  expect((await zk.exited).code).toBe(0)
})

test('a port that is taken: ZK_HEALTH_PORT, exit 1, and nothing was consumed', async () => {
  const other = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => other.once('listening', resolve))
  const { port } = other.address() as { port: number }
  const topic = await stage.topic(1)
  await stage.produce(topic, [{ key: 'a' }])
  const journal = stage.journal()
  const args = ['--health-port', `${port}`]
  const zk = zkRun(stage, { topic, group: randomUUID(), options: { journal: journal.path }, args })
  expect((await zk.exited).code).toBe(1)
  expect(zk.printed.all).toMatchObject([{ event: 'error', code: 'ZK_HEALTH_PORT' }])
  expect(zk.stderr()).toContain('EADDRINUSE')
  expect(journal.lines()).toEqual([])
  other.close()
})

test('works in one process, and runs of one work, have metrics of their own', async () => {
  const [topic, another] = [await stage.topic(1), await stage.topic(1)]
  await stage.produce(topic, [{ key: 'a' }, { key: 'b' }])
  await stage.produce(another, [{ key: 'a' }])
  const processorOptions = { journal: stage.journal().path }
  const first = stage.play({ topic, processorOptions })
  const second = stage.play({ topic: another, processorOptions })
  const processed = async ({ work }: typeof first) => sample(await work.metrics(), 'zk_records_processed_total')
  await eventually(async () => (await processed(first)) === 2 && (await processed(second)) === 1)
  const [one, two] = await Promise.all([first.work.metrics(), second.work.metrics()])
  expect(sample(one, 'zk_partition_lag', { topic, group: first.groupId })).toBe(0)
  expect(one).not.toContain(another)
  expect(two).not.toContain(topic)

  await first.drain()
  expect(sample(await first.work.metrics(), 'zk_ready')).toBe(0)
  const again = await first.work.run({ untilEnd: true })
  expect(again.processed).toBe(0)
  expect(await processed(first)).toBe(0)
})

test('a listener that holds up the main thread is named, logged, and seen in the lag', async () => {
  const topic = await stage.topic(1)
  const lines: LogLine[] = []
  const client = createClient({ bootstrapServers: stage.bootstrapServers.split(',') })
  const work = client.workFactory({ logger: recordingLogger((line) => lines.push(line)) }).create({
    topic,
    groupId: randomUUID(),
    processor: recorder,
    speedup: 1,
    additionalProps: quick,
    processorOptions: { journal: stage.journal().path },
  })
  expect(work.health()).toMatchObject({ live: { ok: true }, ready: { ok: false } })
  expect(await work.metrics()).toBe('')
  let held = false
  const shutdown = new AbortController()
  const run = work.run({
    shutdown: shutdown.signal,
    onEvent: ({ type }) => {
      if (type !== 'assigned') return
      for (const end = performance.now() + 1_200; performance.now() < end; );
      held = true
    },
  })
  await eventually(() => held && work.health().mainThread.lagMs >= 1_000)
  const { mainThread, live } = work.health()
  expect(mainThread.blocks).toEqual([{ by: 'onEvent (assigned)', ms: expect.any(Number), at: expect.any(String) }])
  expect(mainThread.blocks[0]!.ms).toBeGreaterThanOrEqual(1_200)
  expect(live.ok).toBe(true)
  expect(
    lines.filter(({ level, message }) => level === 'warn' && message.startsWith('onEvent (assigned) held up')),
  ).toHaveLength(1)
  expect(sample(await work.metrics(), 'zk_main_thread_blocks_total', { by: 'onEvent (assigned)' })).toBe(1)
  shutdown.abort()
  await run
  await client.close()
})

test('a work that failed is not alive', async () => {
  const topic = await stage.topic(1)
  await stage.produce(topic, [{ key: 'bad' }])
  const processorOptions = { journal: stage.journal().path, ms: 0, rules: { bad: 'throw' } }
  const play = stage.play({ topic, onExhausted: 'stop', processorOptions })
  expect((await play.ended).error).toMatchObject({ code: 'ZK_RECORD_FAILED' })
  const { live, ready } = play.work.health()
  expect(live).toEqual({ ok: false, reasons: [expect.stringContaining('ZK_RECORD_FAILED')] })
  expect(ready.ok).toBe(false)
})

test('circuits of partitions are shown for each, and make nothing unready', async () => {
  const topic = await stage.topic(2)
  await stage.produce(topic, [
    { key: 'a', value: 'always' },
    { key: 'b', value: 'fine', partition: 1 },
  ])
  const play = stage.play({
    ...{ topic, processor: faulty, processorOptions: { journal: stage.journal().path, ms: 0 } },
    circuitBreaker: { after: 1, forMs: 60_000, scope: 'partition' },
  })
  await play.events.until(({ type }) => type === 'circuit')
  await eventually(() => play.work.state()!.partitions.length === 2)
  expect(play.work.state()!.partitions.map(({ circuit }) => circuit)).toEqual(['open', 'closed'])
  expect(play.work.health().ready).toEqual({ ok: true, reasons: [] })
  const text = await play.work.metrics()
  expect([0, 1].map((partition) => sample(text, 'zk_circuit_state', { partition: `${partition}` }))).toEqual([2, 0])
  expect(sample(text, 'zk_circuit_changes_total', { to: 'open' })).toBe(1)
})

test('zk run says in its last line how many records failed and were dead-lettered, where there are any', async () => {
  const [topic, letters] = [await stage.topic(1), await stage.topic(1)]
  await stage.produce(topic, [{ key: 'a' }, { key: 'bad' }, { key: 'b' }])
  const file = join(stage.folder(), 'options.json')
  const lastLine = async (group: string, more: readonly string[], rules: object) => {
    writeFileSync(file, JSON.stringify({ journal: stage.journal().path, ms: 0, rules }))
    const where = ['--brokers', stage.bootstrapServers, '--topic', topic, '--group', group, '--until-end']
    const zk = new Zk(['run', fileURLToPath(recorder), ...where, '--options', file, ...more])
    stage.alsoEnd(zk)
    expect((await zk.exited).code).toBe(0)
    return zk.log.all.at(-1)
  }
  expect(await lastLine(randomUUID(), [], {})).toBe('Stopped (drained): processed 3, committed 3')
  const failing = await lastLine(randomUUID(), ['--dlt', letters], { bad: 'throw' })
  expect(failing).toBe('Stopped (drained): processed 3, dead-lettered 1, committed 3')
})

test('deaths of threads are counted by their cause', async () => {
  const topic = await stage.topic(1)
  await stage.produce(topic, [{ key: 'exits' }, { key: 'throws' }, { key: 'hoards' }])
  const journal = stage.journal()
  const rules = {
    exits: { do: 'exit', once: true },
    throws: { do: 'throw-outside', once: true },
    hoards: { do: 'heap', once: true },
  }
  const settings = { topic, speedup: 1, maxHeapMb: 64, processorOptions: { journal: journal.path, ms: 0, rules } }
  const play = stage.play(settings, { untilEnd: true })
  expect(await play.run).toMatchObject({ processed: 3, threadDeaths: 3 })
  const text = await play.work.metrics()
  const deaths = ['exit', 'crash', 'out-of-memory'].map((cause) => sample(text, 'zk_thread_deaths_total', { cause }))
  expect(deaths).toEqual([1, 1, 1])
})

test('health is plain data', async () => {
  const topic = await stage.topic(1)
  await stage.produce(topic, [{ key: 'gated' }])
  const gate = new SharedArrayBuffer(4)
  const processorOptions = { journal: stage.journal().path, ms: 0, rules: { gated: 'gate' }, gate }
  const play = stage.play({ topic, stallAfterMs: 200, processorOptions })
  await eventually(() => (play.work.state() === undefined ? false : play.work.health().stalls.length === 1))
  const health = play.work.health()
  expect(JSON.parse(JSON.stringify(health))).toEqual(health)
  expect(Object.keys(health).sort()).toEqual(['live', 'mainThread', 'ready', 'stalls'])
  openGate(gate)
  await eventually(() => play.work.health().stalls.length === 0)
})
