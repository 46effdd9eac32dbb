import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { byKey, disorder } from './journal.js'
import { stage } from './the-stage.js'
import { eventually } from './waiting.js'
import { zkRun } from './zk.js'

const processor = new URL('./processors/stuck.ts', import.meta.url)
const limits = { processTimeoutMs: 400, graceMs: 100, speedup: 1 }
const again = { attempts: 2, backoffMs: 1 }

describe('a handler that keeps its thread', () => {
  test.each(['spin', 'spin-later'])('%s: it is ended in time, and its stack names function and line', async (key) => {
    const topic = await stage.topic(1)
    const play = stage.play({ ...limits, topic, processor, retry: again })
    await play.assigned()
    await stage.produce(topic, [{ key }, { key: 'other' }])
    await play.events.until(({ type }) => type === 'thread-gone')
    const died = play.log.all.find(({ level, fields }) => level === 'error' && fields.cause === 'timeout')!
    const error = died.fields.err as Error & { code: string }
    expect(error.code).toBe('ZK_HANDLER_TIMEOUT')
    expect(error.stack!.split('\n')[1]).toMatch(/^ {4}at spinForEver \(\/.*\/processors\/stuck\.ts:2[01]:\d+\)$/)
    await play.events.until(({ type }) => type === 'thread-up', play.events.all.length)
    await expect.poll(() => play.work.state()!.counters.processed, { timeout: 5_000 }).toBe(2)
    expect(await play.drain()).toMatchObject({ processed: 2, threadDeaths: 1 })
  })

  test('within processTimeoutMs + graceMs + 250 ms, and its key goes on behind its exit', async () => {
    const topic = await stage.topic(1)
    const journal = stage.journal()
    const keys = ['s0', 's1', 's2']
    const rules = Object.fromEntries(keys.map((key) => [key, { do: 'spin', once: true }]))
    const processorOptions = { journal: journal.path, ms: 0, rules }
    const play = stage.play({ ...limits, topic, processorOptions })
    await play.assigned()
    const took: number[] = []
    for (const key of keys) {
      const from = play.events.all.length
      await stage.produce(topic, [{ key }, { key: 'a' }, { key }])
      await play.events.until(({ type }) => type === 'thread-gone', from)
      const now = Number(process.hrtime.bigint()) / 1e6
      took.push(now - journal.starts().find((line) => line.key === key)!.at)
      await expect.poll(() => play.work.state()!.counters.processed, { timeout: 5_000 }).toBe(3 * took.length)
    }
    took.sort((a, b) => a - b)
    expect(took[0]).toBeGreaterThanOrEqual(limits.processTimeoutMs + limits.graceMs)
    // The median: on a machine with other work any single one may be late.
    expect(took[1]).toBeLessThan(limits.processTimeoutMs + limits.graceMs + 250)
    const cut = journal.starts().filter(({ key, attempt }) => keys.includes(key!) && attempt === 1)
    const dead = new Set(keys.map((key) => cut.find((line) => line.key === key)!.id))
    expect(disorder(journal.lines(), byKey, dead)).toEqual([])
    expect(await play.drain()).toMatchObject({ processed: 9, threadDeaths: 3 })
  })

  test('also where it cannot be stopped for a while: its key waits for the exit, however long that takes', async () => {
    const topic = await stage.topic(1)
    const journal = stage.journal()
    const rules = { n: { do: 'block', once: true } }
    const processorOptions = { journal: journal.path, ms: 0, rules }
    const play = stage.play({ ...limits, topic, retry: again, processorOptions })
    await play.assigned()
    await stage.produce(topic, [{ key: 'n' }, { key: 'n' }, { key: 'a' }])
    await expect.poll(() => play.work.state()!.counters.processed, { timeout: 10_000 }).toBe(3)
    expect(await play.drain()).toMatchObject({ processed: 3, failed: 0, threadDeaths: 1 })
    const [first, second] = journal.starts()
    expect(disorder(journal.lines(), byKey, new Set([first!.id]))).toEqual([])
    // It was told to end long before.
    expect(second!.at - first!.at).toBeGreaterThan(1_900)
  })

  test('its dead letter says where it stood: function, file and line, time after time', async () => {
    const topic = await stage.topic(1)
    const letters = await stage.topic(1)
    const play = stage.play({ ...limits, topic, processor, deadLetterTopic: letters, circuitBreaker: false })
    await play.assigned()
    const records = Array.from({ length: 3 }, () => [{ key: 'spin' }, { key: 'other' }]).flat()
    await stage.produce(topic, records)
    await expect.poll(() => play.work.state()!.counters.processed, { timeout: 15_000 }).toBe(6)
    expect(await play.drain()).toMatchObject({ processed: 6, deadLettered: 3, threadDeaths: 3, committed: 6 })
    const written = await stage.deadLetters(letters)
    expect(written.map(({ cause, origin }) => [cause, origin.offset])).toEqual([0, 2, 4].map((at) => ['timeout', at]))
    for (const { headers } of written) {
      expect(headers['zk.dlt.stack']).toMatch(/\n {4}at spinForEver \(\/.*\/processors\/stuck\.ts:2[01]:\d+\)\n/)
      expect(headers['__dlq.errors.message']).toContain('stuck.ts:2')
    }
  })
})

test('a handler that listens to its signal ends as a failure, and its thread lives', async () => {
  const topic = await stage.topic(1)
  const play = stage.play({ ...limits, topic, processor, concurrency: 2 })
  await play.assigned()
  await stage.produce(topic, [{ key: 'listen' }, { key: 'other' }])
  await expect.poll(() => play.work.state()!.counters.processed, { timeout: 5_000 }).toBe(2)
  expect(await play.drain()).toMatchObject({ processed: 2, failed: 1, threadDeaths: 0 })
  const [failure] = play.log.all.filter(({ level }) => level === 'error')
  expect(failure!.fields.err).toMatchObject({ name: 'AbortError', cause: { reason: 'timeout' } })
})

test('a handler that moves its deadline is left alone', async () => {
  const topic = await stage.topic(1)
  const play = stage.play({ ...limits, topic, processor })
  await play.assigned()
  await stage.produce(topic, [{ key: 'extend' }])
  await expect.poll(() => play.work.state()!.counters.processed, { timeout: 5_000 }).toBe(1)
  expect(await play.drain()).toMatchObject({ processed: 1, failed: 0, threadDeaths: 0 })
})

test('a promise that never settles takes its thread, and not what runs beside it', async () => {
  const topic = await stage.topic(1)
  const journal = stage.journal()
  const slow = Array.from({ length: 7 }, (_, i) => ({ key: `slow${i}` }))
  const rules = { deaf: { do: 'hang-deaf', once: true } }
  const processorOptions = { journal: journal.path, ms: 350, rules }
  const play = stage.play({ ...limits, topic, concurrency: 8, retry: again, processorOptions })
  await play.assigned()
  await stage.produce(topic, [{ key: 'deaf' }, ...slow, ...slow])
  await expect.poll(() => play.work.state()!.counters.processed, { timeout: 8_000 }).toBe(15)
  expect(await play.drain()).toMatchObject({ processed: 15, failed: 0, threadDeaths: 1 })
  // Each of the others ran once: the thread was ended when they had ended.
  expect(journal.starts()).toHaveLength(16)
  expect(journal.starts().filter(({ key }) => key === 'deaf')).toHaveLength(2)
  const cutShort = new Set(journal.cutShort().map(({ id }) => id))
  expect(disorder(journal.lines(), byKey, cutShort)).toEqual([])
})

test('a process that stood still over a deadline ends no thread for it', async () => {
  const topic = await stage.topic(1)
  const journal = stage.journal()
  await stage.produce(topic, [{ key: 'a' }, { key: 'b' }])
  // Longer than the deadline and its grace, and too short for the group to miss it.
  const args = ['--speedup', '2', '--timeout', '1500', '--prop', 'session.timeout.ms=60000']
  const options = { journal: journal.path, ms: 1_000 }
  const zk = zkRun(stage, { topic, group: randomUUID(), options, args })
  await eventually(() => journal.starts().length > 0)
  zk.kill('SIGSTOP')
  await delay(3_500)
  zk.kill('SIGCONT')
  await journal.untilDone(2)
  zk.kill('SIGTERM')
  expect((await zk.exited).code).toBe(0)
  expect(zk.last()).toMatchObject({ event: 'stopped', processed: 2, failed: 0, threadDeaths: 0 })
})

test('a thread that cannot be ended: exit code 5 after terminateTimeoutMs, its record uncommitted', async () => {
  const topic = await stage.topic(1)
  const blocks = new URL('./processors/blocks.mjs', import.meta.url)
  await stage.produce(topic, [{ key: 'a' }])
  const settings = { ...limits, topic, processor: blocks, terminateTimeoutMs: 300, processorOptions: { seconds: 4 } }
  const play = stage.play(settings)
  const { error } = await play.ended
  expect(error).toMatchObject({ code: 'ZK_THREAD_UNSTOPPABLE', exitCode: 5, details: { threads: [0] } })
  expect((await stage.committed(play.groupId, topic))[0]).toBeLessThanOrEqual(0)
})

test('a thread that holds too many Buffers is ended, and what it ran goes to the next one', async () => {
  const topic = await stage.topic(1)
  const hoarder = new URL('./processors/hoarder.mjs', import.meta.url)
  const settings = {
    topic,
    processor: hoarder,
    speedup: 1,
    maxExternalMb: 100,
    retry: again,
    processorOptions: { mb: 40 },
  }
  await stage.produce(topic, [{ key: 'hoard' }, { key: 'hoard' }, { key: 'hoard' }, { key: 'hoard' }, { key: 'a' }])
  const play = stage.play(settings, { untilEnd: true })
  expect(await play.run).toMatchObject({ processed: 5, failed: 0, threadDeaths: 1, committed: 5 })
  const died = play.log.all.find(({ fields }) => fields.cause === 'out-of-memory')!
  expect(died.fields.err).toMatchObject({ code: 'ZK_THREAD_DIED', details: { cause: 'out-of-memory' } })
})

test('also one whose only handler takes more and more while it runs', async () => {
  const topic = await stage.topic(1)
  const hoarder = new URL('./processors/hoarder.mjs', import.meta.url)
  const settings = { topic, processor: hoarder, speedup: 1, concurrency: 1, maxExternalMb: 100, retry: again }
  await stage.produce(topic, [{ key: 'leak' }, { key: 'a' }])
  const play = stage.play({ ...settings, processorOptions: { mb: 0 } }, { untilEnd: true })
  expect(await play.run).toMatchObject({ processed: 2, failed: 0, threadDeaths: 1, committed: 2 })
  const died = play.log.all.find(({ fields }) => fields.cause === 'out-of-memory')!
  const [, mb] = /held (\d+) MiB/.exec((died.fields.err as Error).message)!
  expect(Number(mb)).toBeGreaterThan(100)
  // Seen and ended soon: it takes half a GiB a second.
  expect(Number(mb)).toBeLessThan(400)
})

describe('code that nobody waits for, and that keeps its thread', () => {
  const leaves = new URL('./processors/leaves-spinning.mjs', import.meta.url)

  test('is ended with its stack though no handler runs; the records behind it run again, and nobody is charged', async () => {
    const topic = await stage.topic(1)
    const play = stage.play({ ...limits, topic, processor: leaves })
    await play.assigned()
    await stage.produce(topic, [{ key: 'leave' }])
    await eventually(() => play.work.state()!.counters.processed === 1)
    // By now its timer runs, or will before anything else does.
    await delay(50)
    await stage.produce(topic, [{ key: 'a' }, { key: 'b' }])
    await eventually(() => play.work.state()!.counters.processed === 3)
    const died = play.log.all.find(({ fields }) => fields.cause === 'timeout')!
    const error = died.fields.err as Error
    expect(error).toMatchObject({ code: 'ZK_THREAD_DIED' })
    expect(error.stack!.split('\n')[1]).toMatch(/^ {4}at spinOutside \(\/.*\/leaves-spinning\.mjs:1\d:\d+\)$/)
    expect(await play.drain()).toMatchObject({ processed: 3, failed: 0, threadDeaths: 1, committed: 3 })
  })

  test('three times in a row, with nothing finished, it stops the work with exit code 4', async () => {
    const topic = await stage.topic(1)
    const play = stage.play({ ...limits, topic, processor: leaves, processorOptions: { atStart: true } })
    let isOver = false
    const ended = play.ended.finally(() => {
      isOver = true
    })
    // One may slip in before a thread begins to spin.
    while (!isOver) {
      await stage.produce(topic, [{ key: 'a' }])
      await delay(100)
    }
    expect((await ended).error).toMatchObject({ code: 'ZK_THREAD_CRASH_LOOP', exitCode: 4 })
    const { processed } = play.work.state()!.counters
    expect((await stage.committed(play.groupId, topic))[0]).toBeLessThanOrEqual(processed)
  })
})

test('without a deadline a handler takes as long as it wants', async () => {
  const topic = await stage.topic(1)
  const play = stage.play({ ...limits, processTimeoutMs: 0, topic, processor })
  await play.assigned()
  await stage.produce(topic, [{ key: 'wait' }])
  await expect.poll(() => play.work.state()!.counters.processed, { timeout: 5_000 }).toBe(1)
  expect(await play.drain()).toMatchObject({ processed: 1, failed: 0, threadDeaths: 0 })
})
