/** Partitions that stand still: each cause is made once, and must be told with key, offset, thread and since when. */
import { randomUUID } from 'node:crypto'
import type { Stall, StallCause } from '@zk/runtime'
import { expect, test } from 'vitest'
import type { LogLine } from './recording-logger.js'
import { isReal, type Play, Stage } from './stage.js'
import { stage } from './the-stage.js'
import { eventually, openGate } from './waiting.js'
import { Zk, zkRun } from './zk.js'

const faulty = new URL('./processors/faulty.mjs', import.meta.url)

/** Longer than a first fetch takes: before it the broker is silent. */
const STALL_MS = 1_000
/** From `stallAfterMs` on, so long may the sentence take. */
const LATE_MS = 10_000

/** The first warning of a stall of a partition, of those that were logged from `from` on, and that it came in time. */
async function warned(play: Play, type: StallCause['type'], partition = 0, from = 0) {
  const is = ({ level, fields }: LogLine) =>
    level === 'warn' && fields.partition === partition && (fields.cause as StallCause | undefined)?.type === type
  const line = await play.log.until(is, from)
  const stall = line.fields as unknown as Stall
  expect(stall.forMs).toBeLessThan(STALL_MS + LATE_MS)
  expect(Date.now() - Date.parse(stall.since)).toBeLessThan(STALL_MS + LATE_MS + 1_000)
  expect(play.work.health().stalls.map(({ cause }) => cause.type)).toContain(type)
  return { stall, line }
}

const movedOn = (play: Play, partition = 0) =>
  play.log.until(({ message, fields }) => message.includes('moves on after') && fields.partition === partition)

test('sleeping: a handler whose promise does not settle, until it does', async () => {
  const topic = await stage.topic(1)
  await stage.produce(topic, [{ key: 'a' }, { key: 'gated' }, { key: 'gated' }])
  const journal = stage.journal()
  const gate = new SharedArrayBuffer(4)
  const processorOptions = { journal: journal.path, ms: 0, rules: { gated: 'gate' }, gate }
  const play = stage.play({ topic, stallAfterMs: STALL_MS, processorOptions })
  const { stall, line } = await warned(play, 'sleeping')
  const began = journal.starts().find(({ key }) => key === 'gated')!
  expect(stall).toMatchObject({
    ...{ topic, partition: 0, watermark: 1, lag: 2, key: 'gated' },
    cause: { handler: { topic, partition: 0, offset: 1, key: 'gated', thread: began.thread, attempt: 1 } },
  })
  // Since when: both clocks of the machine.
  const { handler } = stall.cause as StallCause & { type: 'sleeping' }
  const ranMs = Number(process.hrtime.bigint()) / 1e6 - began.at
  expect(Math.abs(Date.now() - Date.parse(handler.since) - ranMs)).toBeLessThan(250)
  expect(line.message).toContain(`${topic}[0] stands at offset 1 (key gated) since `)
  expect(line.message).toContain(`its handler runs in thread ${began.thread} since ${handler.since} `)

  openGate(gate)
  await movedOn(play)
  expect(play.work.health().stalls).toEqual([])
  const warnings = play.log.all.filter(({ level, fields }) => level === 'warn' && fields.watermark === 1)
  expect(warnings).toHaveLength(1)
})

test('spinning: a handler that keeps its thread from its event loop', async () => {
  const topic = await stage.topic(1)
  await stage.produce(topic, [{ key: 'spinner' }])
  const journal = stage.journal()
  const play = stage.play({
    ...{ topic, stallAfterMs: STALL_MS },
    processorOptions: { journal: journal.path, ms: 0, rules: { spinner: 'spin' } },
  })
  const { stall } = await warned(play, 'spinning')
  const { thread } = journal.starts()[0]!
  expect(stall.cause).toMatchObject({ thread, handler: { topic, partition: 0, offset: 0, key: 'spinner', thread } })
  const { live, ready } = play.work.health()
  expect({ live, ready }).toEqual({ live: { ok: true, reasons: [] }, ready: { ok: true, reasons: [] } })
})

test('queued: a record behind many others of its thread, which come to their end', async () => {
  const topic = await stage.topic(2)
  await stage.produce(topic, Array(200).fill({ key: 'a' }))
  const journal = stage.journal()
  const processorOptions = { journal: journal.path, ms: 30 }
  const play = stage.play({ topic, speedup: 1, stallAfterMs: STALL_MS, processorOptions })
  await journal.until(() => journal.starts().length > 0)
  await stage.produce(topic, [{ key: 'b', partition: 1 }])
  const { stall } = await warned(play, 'queued', 1)
  expect(stall).toMatchObject({ topic, partition: 1, watermark: 0, lag: 1, key: 'b', cause: { thread: 0 } })
  expect((stall.cause as StallCause & { type: 'queued' }).queued).toBeGreaterThan(0)
})

test('thread-starting: the record is pinned to a thread whose successor is not set up yet', async () => {
  const topic = await stage.topic(1)
  await stage.produce(topic, [{ key: 'deadly' }])
  const journal = stage.journal()
  const setUpGate = new SharedArrayBuffer(4)
  const rules = { deadly: { do: 'exit', once: true } }
  const play = stage.play({
    ...{
      topic,
      speedup: 1,
      stallAfterMs: STALL_MS,
      processor: new URL('./processors/slow-return.mjs', import.meta.url),
      retry: { attempts: 2 },
    },
    processorOptions: { journal: journal.path, ms: 0, rules, setUpGate },
  })
  const { stall } = await warned(play, 'thread-starting')
  expect(stall).toMatchObject({ watermark: 0, key: 'deadly', cause: { thread: 0, since: expect.any(String) } })
  openGate(setUpGate)
  await movedOn(play)
  expect(await play.work.metrics()).toMatch(/^zk_thread_deaths_total\{.*cause="exit".*\} 1$/m)
})

test('window: there is no room for a partition, because another one holds the window', async () => {
  const topic = await stage.topic(2)
  await stage.produce(topic, [{ key: 'gated' }])
  const journal = stage.journal()
  const gate = new SharedArrayBuffer(4)
  const processorOptions = { journal: journal.path, ms: 0, rules: { gated: 'gate' }, gate }
  const play = stage.play({ topic, windowMessages: 1, stallAfterMs: STALL_MS, processorOptions })
  await journal.until(() => journal.starts().length === 1)
  await stage.produce(topic, [{ key: 'b', partition: 1 }])
  const { stall } = await warned(play, 'window', 1)
  expect(stall.cause).toMatchObject({
    heldBy: { topic, partition: 0, messages: 1 },
    handler: { topic, partition: 0, offset: 0, key: 'gated' },
  })
  openGate(gate)
  await movedOn(play, 1)
})

test('draining: the run ends, and a handler that had started does not', async () => {
  const topic = await stage.topic(1)
  await stage.produce(topic, [{ key: 'gated' }, { key: 'b' }])
  const journal = stage.journal()
  const gate = new SharedArrayBuffer(4)
  const processorOptions = { journal: journal.path, ms: 0, rules: { gated: 'gate' }, gate }
  const play = stage.play({ topic, speedup: 1, stallAfterMs: 1_500, processorOptions })
  await journal.until(() => journal.starts().length === 1)
  const drained = play.drain()
  const { stall } = await warned(play, 'draining')
  expect(stall).toMatchObject({
    watermark: 0,
    key: 'gated',
    cause: { handler: { offset: 0, key: 'gated', thread: 0 } },
  })
  expect(play.work.health()).toMatchObject({ live: { ok: true }, ready: { ok: false } })
  expect(play.work.health().ready.reasons).toEqual([expect.stringContaining('stopping')])
  openGate(gate)
  expect(await drained).toMatchObject({ reason: 'drained', processed: 1 })
  expect(play.work.health().ready.reasons).toEqual(['stopped'])
})

test('backoff: a handler failed, and its next attempt is due later', async () => {
  const topic = await stage.topic(1)
  await stage.produce(topic, [{ key: 'bad' }, { key: 'bad' }])
  const journal = stage.journal()
  const rules = { bad: { do: 'throw', once: true } }
  const play = stage.play({
    ...{ topic, stallAfterMs: STALL_MS, processorOptions: { journal: journal.path, ms: 0, rules } },
    retry: { attempts: 2, backoffMs: 4_000, jitter: 0 },
  })
  const { stall, line } = await warned(play, 'backoff')
  const { thread } = journal.starts()[0]!
  expect(stall).toMatchObject({ watermark: 0, lag: 2, key: 'bad', cause: { thread, attempt: 2 } })
  const { dueInMs } = stall.cause as StallCause & { type: 'backoff' }
  const failed = journal.lines().find((one) => one.type === 'end')!
  const failedMsAgo = Number(process.hrtime.bigint()) / 1e6 - failed.at
  expect(Math.abs(4_000 - failedMsAgo - dueInMs)).toBeLessThan(500)
  expect(line.message).toContain(`its handler failed, and attempt 2 follows in thread ${thread} in `)
  await movedOn(play)
  expect(play.work.state()!.counters).toMatchObject({ retries: 1, failed: 0 })
  expect(await play.work.metrics()).toMatch(/^zk_retries_total\{.*\} 1$/m)
})

test('circuit-open: too many records failed in a row; not ready meanwhile, and alive', async () => {
  const topic = await stage.topic(1)
  const values = ['always', 'always', 'fine', 'fine', 'fine']
  await stage.produce(
    topic,
    values.map((value, i) => ({ key: `k${i}`, value })),
  )
  const journal = stage.journal()
  const play = stage.play({
    ...{
      topic,
      speedup: 1,
      stallAfterMs: STALL_MS,
      processor: faulty,
      processorOptions: { journal: journal.path, ms: 100 },
    },
    circuitBreaker: { after: 2, forMs: 4_000 },
  })
  const { stall } = await warned(play, 'circuit-open')
  // The third may have started when the circuit opened.
  expect(stall.watermark).toSatisfy((watermark) => watermark === 2 || watermark === 3)
  expect(stall).toMatchObject({ key: `k${stall.watermark}`, cause: { scope: 'work', state: 'open' } })
  expect(Date.parse((stall.cause as StallCause & { type: 'circuit-open' }).since)).toBeLessThan(Date.now())
  const { live, ready } = play.work.health()
  expect(live).toEqual({ ok: true, reasons: [] })
  expect(ready).toEqual({ ok: false, reasons: [expect.stringMatching(/^circuit open: too many records failed/)] })
  expect(play.work.state()!.partitions).toMatchObject([{ circuit: 'open' }])
  expect(await play.work.metrics()).toMatch(/^zk_circuit_state\{group="[^"]*"\} 2$/m)

  await movedOn(play)
  expect(play.work.health().ready).toEqual({ ok: true, reasons: [] })
  expect(play.work.state()!.partitions).toMatchObject([{ circuit: 'closed' }])
  const text = await play.work.metrics()
  for (const to of ['open', 'half-open', 'closed']) {
    expect(text).toMatch(new RegExp(`^zk_circuit_changes_total\\{to="${to}",.*\\} 1$`, 'm'))
  }
})

test('alone: a record that may have killed its thread is tried first, and nothing else of the thread meanwhile', async () => {
  const topic = await stage.topic(2)
  await stage.produce(topic, [{ key: 'gated' }])
  const journal = stage.journal()
  const gate = new SharedArrayBuffer(4)
  const rules = { gated: 'gate', deadly: { do: 'throw-outside', once: true } }
  const play = stage.play({
    ...{ topic, speedup: 1, concurrency: 2, stallAfterMs: STALL_MS },
    processorOptions: { journal: journal.path, ms: 0, rules, gate },
  })
  await journal.until(() => journal.starts().length === 1)
  await stage.produce(topic, [{ key: 'deadly', partition: 1 }])
  const { stall, line } = await warned(play, 'alone', 1)
  expect(stall).toMatchObject({ watermark: 0, lag: 1, key: 'deadly' })
  expect(stall.cause).toMatchObject({
    ...{ within: 'thread', record: { topic, partition: 0, offset: 0, key: 'gated' } },
    handler: { topic, partition: 0, offset: 0, thread: 0, attempt: 1 },
  })
  expect(line.message).toContain(`it waits while ${topic}[0]@0 (key gated), which may have killed the thread before,`)
  openGate(gate)
  await movedOn(play, 1)
})

test('alone: a record that was running when the process died runs first, and nothing else in any thread', async () => {
  const topic = await stage.topic(2)
  await stage.produce(topic, [{ key: 'deadly' }])
  const journal = stage.journal()
  const folder = stage.folder()
  const group = randomUUID()
  const args = ['--crash-journal', folder, '--client-id', 'billing-1']
  const dead = zkRun(stage, {
    topic,
    group,
    args,
    options: { journal: journal.path, ms: 0, rules: { deadly: 'abort' } },
  })
  expect((await dead.exited).signal).toBe('SIGABRT')

  const gate = new SharedArrayBuffer(4)
  const play = stage.play({
    ...{ topic, groupId: group, crashJournal: folder, clientId: 'billing-1', stallAfterMs: STALL_MS },
    processorOptions: { journal: journal.path, ms: 0, rules: { deadly: 'gate' }, gate },
  })
  await journal.until(() => journal.starts().length === 2)
  await stage.produce(topic, [{ key: 'b', partition: 1 }])
  const { stall } = await warned(play, 'alone', 1)
  expect(stall.cause).toMatchObject({
    ...{ within: 'process', record: { topic, partition: 0, offset: 0, key: 'deadly' } },
    handler: { topic, partition: 0, offset: 0 },
  })
  openGate(gate)
  await movedOn(play, 1)
})

test('a record that is not due is no stall: it waits by design, and the state says until when', async () => {
  const topic = await stage.topic(1)
  const timestamp = Date.now()
  const delayMs = 4 * STALL_MS
  const journal = stage.journal()
  const settings = { topic, processDelayMs: delayMs, stallAfterMs: STALL_MS }
  const play = stage.play({ ...settings, processorOptions: { journal: journal.path, ms: 0 } })
  await play.assigned()
  await stage.produce(topic, [{ key: 'a', timestamp }])
  await eventually(() => play.work.state()!.partitions[0]!.delayedUntil !== undefined)
  const from = play.log.all.length
  expect(play.work.state()!.partitions).toMatchObject([{ delayedUntil: timestamp + delayMs, lag: 1 }])
  expect(await play.work.metrics()).toMatch(/^zk_records_delayed\{.*\} 1$/m)
  await journal.untilDone(1)
  expect(play.log.all.slice(from).filter(({ level }) => level === 'warn')).toEqual([])
  await eventually(() => play.work.state()!.counters.processed === 1)
  expect(play.work.state()!.partitions).toMatchObject([{ delayedUntil: undefined }])
})

// A Kafka cannot be stopped like this.
test.runIf(!isReal)(
  'broker-silent: there is lag, nothing is in progress, and the broker has stopped answering',
  async () => {
    const topic = `t-${randomUUID()}`
    const broker = new Zk(['broker', '--topics', topic, '--partitions', '1', '--json'])
    stage.alsoEnd(broker)
    const { bootstrapServers } = await broker.printed.until((line) => 'bootstrapServers' in line)
    const other = Stage.on(bootstrapServers as string)
    // Each a batch of its own, so that librdkafka, which may keep one KiB, has fetched some of them and not all.
    for (let i = 0; i < 12; i++) await other.produce(topic, [{ key: 'gated', value: 'x'.repeat(4_000) }])
    const journal = stage.journal()
    const gate = new SharedArrayBuffer(4)
    const play = other.play({
      ...{ topic, windowMessages: 1, queuedMaxKbytes: 1, stallAfterMs: STALL_MS },
      additionalProps: { 'session.timeout.ms': 60_000, 'fetch.message.max.bytes': 1_000 },
      processorOptions: { journal: journal.path, ms: 0, rules: { gated: 'gate' }, gate },
    })
    await journal.until(() => journal.starts().length === 1)
    broker.kill('SIGSTOP')
    const from = play.log.all.length
    openGate(gate)
    const { stall } = await warned(play, 'broker-silent', 0, from)
    expect(stall).toMatchObject({ topic, partition: 0, key: undefined, cause: { since: expect.any(String) } })
    expect(stall.lag).toBe(12 - stall.watermark!)
    expect(stall.lag).toBeGreaterThan(0)
    broker.kill('SIGCONT')
    await play.log.until(({ message }) => message.includes('moves on after'), from)
    await other.clear()
  },
)

// A Kafka cannot be stopped like this.
test.runIf(!isReal)(
  'dead-letter: the topic takes nothing, and then it does; not ready meanwhile, and alive',
  async () => {
    const [topic, letters] = [`t-${randomUUID()}`, `d-${randomUUID()}`]
    const broker = new Zk(['broker', '--topics', `${topic},${letters}`, '--partitions', '1', '--json'])
    stage.alsoEnd(broker)
    const { bootstrapServers } = await broker.printed.until((line) => 'bootstrapServers' in line)
    const other = Stage.on(bootstrapServers as string)
    await other.produce(topic, [{ key: 'a', value: 'always' }])
    const journal = stage.journal()
    const play = other.play({
      ...{ topic, deadLetterTopic: letters, stallAfterMs: STALL_MS, processor: faulty },
      additionalProps: { 'session.timeout.ms': 60_000, 'delivery.timeout.ms': 2_000 },
      processorOptions: { journal: journal.path, ms: 500 },
    })
    await journal.until(() => journal.starts().length === 1)
    broker.kill('SIGSTOP')
    const { stall } = await warned(play, 'dead-letter')
    expect(stall).toMatchObject({ ...{ topic, watermark: 0, key: 'a' }, cause: { deadLetterTopic: letters } })
    const refused = () => play.work.health().stalls.find(({ cause }) => cause.type === 'dead-letter' && cause.reason)
    await eventually(() => refused() !== undefined)
    expect(refused()!.cause).toMatchObject({ reason: expect.stringContaining('timed out'), since: expect.any(String) })
    const { live, ready } = play.work.health()
    expect(live).toEqual({ ok: true, reasons: [] })
    expect(ready).toEqual({
      ok: false,
      reasons: [expect.stringMatching(new RegExp(`^dead letters: ${letters} has refused them for .*; 1 record waits`))],
    })
    const text = await play.work.metrics()
    expect(text).toMatch(/^zk_dead_letters_waiting\{.*\} 1$/m)
    expect(text).toMatch(/^zk_dead_letters_refused_total\{.*\} [1-9]/m)
    expect(text).toMatch(/^zk_dead_letters_refusing_seconds\{.*\} (?!0$)/m)

    broker.kill('SIGCONT')
    await movedOn(play)
    expect(play.work.health().ready).toEqual({ ok: true, reasons: [] })
    expect(play.work.state()!.counters).toMatchObject({ failed: 0, deadLettered: 1, processed: 1 })
    expect(await play.work.metrics()).toMatch(/^zk_dead_letters_written_total\{.*\} 1$/m)
    await other.clear()
  },
)
