// @ts-check
/**
 * A handler that spins is stopped within processTimeoutMs + graceMs + 250 ms, ten times in a row; the thread serves again
 * within 250 ms of its end (the median; none over two seconds); and each dead letter's stack names the function and its line.
 * On a broker in this process. The figures want a machine that is not busy with something else.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { loadClient, loadEmbeddedBroker, median, quiet } from './kit.mjs'
import { headersIn, kafkaClient } from './topics.mjs'
import { say } from './verdict.mjs'

const TIMES = 10
const [PROCESS_TIMEOUT_MS, GRACE_MS, SLACK_MS] = [1_000, 250, 250]
const [MEDIAN_MS, MOST_MS] = [250, 2_000]
const FRAME = /at countForEver \(.*\/processors\/spins\.mjs:\d+:\d+\)/
const processor = new URL('./processors/spins.mjs', import.meta.url)

const now = () => Number(process.hrtime.bigint()) / 1e6

/** @type {import('./verdict.mjs').Proof} */
export const prove = async () => {
  const dir = mkdtempSync(join(tmpdir(), 'zk-prove-deadlines-'))
  const journal = join(dir, 'journal')
  writeFileSync(journal, '')
  process.env.SPIN_JOURNAL = journal
  const startedAt = (/** @type {string} */ value) =>
    Number(new RegExp(`^${value} (.*)$`, 'm').exec(readFileSync(journal, 'utf8'))?.[1])
  const [createClient, startEmbeddedBroker] = [await loadClient(), await loadEmbeddedBroker()]
  const broker = await startEmbeddedBroker({ topics: { records: 1, letters: 1 } })
  const producer = kafkaClient(broker.bootstrapServers).producer({ allowAutoTopicCreation: false })
  await producer.connect()
  const client = createClient({ bootstrapServers: broker.bootstrapServers.split(',') })
  const work = client.workFactory({ logger: quiet }).create({
    ...{ topic: 'records', groupId: 'g', processor, speedup: 1, deadLetterTopic: 'letters', circuitBreaker: false },
    ...{ processTimeoutMs: PROCESS_TIMEOUT_MS, graceMs: GRACE_MS },
  })
  /** @type {{ type: string, at: number }[]} */
  const events = []
  const shutdown = new AbortController()
  const run = work.run({
    shutdown: shutdown.signal,
    onEvent: (/** @type {{ type: string }} */ { type }) => events.push({ type, at: now() }),
  })
  /** @param {() => boolean} check */
  const until = async (check) => {
    while (!check()) await Promise.race([delay(2), run])
  }
  /** @type {number[]} */
  const endedMs = []
  /** From the thread's end to the next handler's start. @type {number[]} */
  const servingMs = []
  try {
    await until(() => events.some(({ type }) => type === 'assigned'))
    // The first thread's first record, and the code of the first end, are no measure.
    for (let i = 0; i <= TIMES; i++) {
      const from = events.length
      // The next record of the same key: it starts only behind the thread's exit.
      const records = [`spin${i}-`, `next${i}-`].map((value) => ({ partition: 0, key: 'k', value }))
      await producer.send({ topic: 'records', messages: records })
      await until(() => startedAt(`next${i}-`) > 0)
      const gone = events.slice(from).find(({ type }) => type === 'thread-gone')
      if (gone === undefined) throw new Error('the record behind the one that spins started before its thread was gone')
      const [ended, serving] = [gone.at - startedAt(`spin${i}-`), startedAt(`next${i}-`) - gone.at]
      say(`${i}: ended ${ended.toFixed(0)} ms after its start, serving ${serving.toFixed(0)} ms later`)
      if (i === 0) continue
      endedMs.push(Math.round(ended))
      servingMs.push(Math.round(serving))
    }
  } finally {
    shutdown.abort()
    await run
    await client.close()
    await producer.disconnect()
  }
  const stacks = await headersIn(broker.bootstrapServers, 'letters', 'zk.dlt.stack')
  await broker.stop()
  rmSync(dir, { recursive: true })
  const limitMs = PROCESS_TIMEOUT_MS + GRACE_MS + SLACK_MS
  const named = stacks.filter((stack) => FRAME.test(stack)).length
  return {
    holds:
      endedMs.every((ms) => ms >= PROCESS_TIMEOUT_MS + GRACE_MS && ms <= limitMs) &&
      median(servingMs) <= MEDIAN_MS &&
      Math.max(...servingMs) <= MOST_MS &&
      named === TIMES + 1,
    ...{ limitMs, endedMs, slowestEndMs: Math.max(...endedMs) },
    ...{
      servingMs,
      medianServingMs: median(servingMs),
      slowestServingMs: Math.max(...servingMs),
      stacksThatName: named,
    },
  }
}
