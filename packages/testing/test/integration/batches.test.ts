/** `processBatch` from end to end: what threads, retries, deaths and shutdowns make of batches. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createClient, type WorkEvent } from '@zk/runtime'
import { describe, expect, test } from 'vitest'
import { checkLedger, contradictions } from '../../src/ledger/check-ledger.js'
import { ledgerNow, openLedger } from '../../src/ledger/writer.js'
import { COMMIT_MS, quick, readers, recorder } from './stage.js'
import { stage } from './the-stage.js'
import { zkRun } from './zk.js'

const processor = new URL('./processors/batches.mjs', import.meta.url)

interface Call {
  thread: number
  keys: (string | null)[]
  offsets: string[]
}

const callsIn = (path: string) =>
  readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line): Call => JSON.parse(line))

/** Records whose values say which of their key they are. */
function numbered(count: number, keys: number, partitions: number) {
  const next = new Map<string, number>()
  return Array.from({ length: count }, (_, i) => {
    const key = `k${i % keys}`
    const seq = next.get(key) ?? 0
    next.set(key, seq + 1)
    return { key, partition: (i % keys) % partitions, value: JSON.stringify({ key, seq }) }
  })
}

test.each(readers)(
  '%s reader: records of many keys in batches that fail in part, throw and die are finished in order, and the ledger agrees',
  async (reader) => {
    const topic = await stage.topic(4)
    const folder = stage.folder()
    const [path, journal] = [join(folder, 'ledger.jsonl'), join(folder, 'journal.jsonl')]
    const ledger = openLedger(path)
    const produced = await stage.produce(topic, numbered(4_000, 40, 4))
    for (const { partition, offset, value } of produced) {
      ledger.append({ type: 'produced', ...JSON.parse(value!), topic, partition, offset })
    }
    const pid = process.pid
    const onEvent = (event: WorkEvent) => {
      const at = ledgerNow()
      if (event.type === 'thread-gone') ledger.append({ type: 'thread-gone', pid, thread: event.thread, at })
      if (event.type !== 'committed') return
      for (const { offset, partition } of event.offsets) {
        ledger.append({ type: 'committed', group: groupId, topic, partition, offset, pid, at })
      }
    }
    const client = createClient({ bootstrapServers: stage.bootstrapServers.split(',') })
    const groupId = stage.groupName()
    const failsOnce = Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`k${i}`, 7 + i]))
    const options = { ledger: path, journal, ms: 2, failsOnce, throwsOnce: 'k30', exitsOnce: 'k31' }
    const work = client.workFactory({ logger: silent }).create({
      ...{ topic, groupId, processor, reader, speedup: 2, processorOptions: options },
      ...{ batch: { maxSize: 25, maxWaitMs: 5 }, retry: { attempts: 2, backoffMs: 5 } },
      ...{ autoCommitIntervalMs: COMMIT_MS, additionalProps: quick },
    })
    const summary = await work.run({ untilEnd: true, onEvent })
    await client.close()
    ledger.close()

    const verdict = checkLedger(path, { require: ['I1', 'I2', 'I3', 'I4', 'I5'], concurrency: 25 })
    expect(contradictions(verdict)).toEqual([])
    expect(verdict.counts).toMatchObject({ produced: 4_000, succeeded: 4_000, failed: 0 })
    expect(summary).toMatchObject({ processed: 4_000, failed: 0, committed: 4_000, threadDeaths: 1 })
    const sizes = callsIn(journal).map(({ keys }) => keys.length)
    expect(Math.max(...sizes)).toBe(25)
    // Some of them alone, after the throw and the death.
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeGreaterThan(4_000 + 20)
  },
)

const silent = { trace() {}, debug() {}, info() {}, warn() {}, error() {}, fatal() {} }

describe('a record that kills its batch', () => {
  test.each(['exit', 'spin', 'hang-deaf'] as const)(
    'by %s is found by trying each alone: it fails, and no other is charged',
    async (rule) => {
      const topic = await stage.topic(1)
      const journal = stage.journal().path
      await stage.produce(
        topic,
        Array.from({ length: 8 }, (_, i) => ({ key: i === 3 ? 'bad' : `k${i % 3}`, value: '{}' })),
      )
      const failures: { offset: number; cause: string | undefined; attempts: number | undefined }[] = []
      const play = stage.play(
        {
          ...{
            topic,
            processor,
            speedup: 1,
            processTimeoutMs: 300,
            graceMs: 100,
            batch: { maxSize: 8, maxWaitMs: 2_000 },
          },
          processorOptions: { journal, rules: { bad: rule } },
          onDone: ({ offset }, outcome) => {
            if (outcome.status !== 'done') failures.push({ offset, cause: outcome.cause, attempts: outcome.attempts })
          },
        },
        { untilEnd: true },
      )
      expect(await play.run).toMatchObject({ processed: 8, failed: 1, committed: 8, threadDeaths: 2 })
      expect(failures).toMatchObject([{ offset: 3, cause: rule === 'exit' ? 'exit' : 'timeout', attempts: 1 }])
      const calls = callsIn(journal)
      expect(calls[0]!.keys).toHaveLength(8)
      expect(calls.slice(1).map(({ keys }) => keys.length)).toEqual(new Array(8).fill(1))
    },
  )
})

test('a shutdown lets the batch that runs end, hands back what has not begun, and repeats nothing', async () => {
  const topic = await stage.topic(1)
  const journal = stage.journal().path
  await stage.produce(topic, numbered(60, 60, 1))
  const settings = { topic, processor, speedup: 1, batch: { maxSize: 10, maxWaitMs: 5_000 } }
  const play = stage.play({ ...settings, processorOptions: { journal, ms: 400 } })
  await expect.poll(() => callsIn(journal).length, { timeout: 20_000 }).toBe(1)
  expect(await play.drain()).toMatchObject({ reason: 'drained', processed: 10, committed: 10 })

  const again = stage.play({ ...settings, groupId: play.groupId, processorOptions: { journal } }, { untilEnd: true })
  expect(await again.run).toMatchObject({ processed: 50, committed: 50 })
  const offsets = callsIn(journal).flatMap((call) => call.offsets)
  expect(offsets).toEqual(Array.from({ length: 60 }, (_, i) => `0@${i}`))
}, 30_000)

test('a failure that stops the work leaves those of its key behind it to the next start, in order, and no others', async () => {
  const topic = await stage.topic(1)
  const journal = stage.journal().path
  // Offsets 0, 2, 4 are of one key, 1, 3, 5 of the other.
  await stage.produce(topic, numbered(6, 2, 1))
  const settings = {
    topic,
    processor,
    speedup: 1,
    batch: { maxSize: 6, maxWaitMs: 2_000 },
    onExhausted: 'stop',
  } as const
  const play = stage.play({ ...settings, processorOptions: { journal, failsOnce: { k0: 1 } } }, { untilEnd: true })
  expect((await play.ended).error).toMatchObject({ code: 'ZK_RECORD_FAILED' })
  const again = stage.play({ ...settings, groupId: play.groupId, processorOptions: { journal } }, { untilEnd: true })
  await again.run
  const [whole, ...rest] = callsIn(journal).map(({ offsets }) => offsets)
  expect(whole).toEqual([0, 1, 2, 3, 4, 5].map((offset) => `0@${offset}`))
  expect(rest.flat()).toEqual(['0@2', '0@4'])
}, 30_000)

test('batch for a processor that takes messages one by one is refused', async () => {
  const topic = await stage.topic(1)
  const play = stage.play({ topic, processor: recorder, processorOptions: {}, batch: { maxSize: 10 } })
  expect((await play.ended).error).toMatchObject({ code: 'ZK_PROCESSOR_INVALID' })
})

test('--batch-size and --batch-wait say how large batches become', async () => {
  const topic = await stage.topic(1)
  const journal = stage.journal().path
  await stage.produce(topic, numbered(7, 7, 1))
  const args = ['--until-end', '--speedup', '1', '--batch-size', '3', '--batch-wait', '400']
  const given = { topic, group: stage.groupName(), options: { journal }, args, processor: fileURLToPath(processor) }
  const zk = zkRun(stage, given)
  expect((await zk.exited).code).toBe(0)
  expect(callsIn(journal).map(({ keys }) => keys.length)).toEqual([3, 3, 1])
}, 30_000)
