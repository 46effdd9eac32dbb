// @ts-check
/**
 * libuv's pool belongs to all threads of a process: handlers that fill it with crypto, zlib, fs or dns must not hold up
 * reading. Every thread keeps 16 scrypt calls going while a trickle of records in another partition is timed, from
 * handler to handler. With the portable reader for comparison, which has no such promise.
 */
import { randomUUID } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { createTopic, deleteTopic, kafkaClient } from './topics.mjs'
import { say } from './verdict.mjs'
import { withKafka } from './with-kafka.mjs'
import { zkRun } from './zk.mjs'

const THREADS = 2
const FILL_MS = 12_000
/** The fill is under way after this, and goes on until the trickle has ended. */
const BEGIN_MS = 2_000
const TRICKLE_MS = 8_000
const EVERY_MS = 10
const MAX_GAP_MS = 100
const processor = new URL('./processors/pool.mjs', import.meta.url)

/** @type {import('./verdict.mjs').Proof} */
export const prove = async () =>
  withKafka(async (bootstrapServers) => {
    const native = await measure(bootstrapServers, 'native')
    const portable = await measure(bootstrapServers, 'portable')
    return {
      holds: native.maxGapMs < MAX_GAP_MS && native.missing === 0 && native.exitCode === 0,
      limitMs: MAX_GAP_MS,
      native,
      portable,
    }
  })

/**
 * @param {string} bootstrapServers
 * @param {'native' | 'portable'} reader
 */
async function measure(bootstrapServers, reader) {
  const topic = `prove-pool-${randomUUID()}`
  await createTopic(bootstrapServers, topic, 2)
  const dir = mkdtempSync(join(tmpdir(), 'zk-prove-pool-'))
  const journal = join(dir, 'journal')
  writeFileSync(journal, '')
  const args = ['--speedup', String(THREADS), '--concurrency', '8', '--reader', reader, '--ordering', 'none']
  // The pool as it is without zk: four threads, so that the handlers fill it many times over.
  const env = { POOL_JOURNAL: journal, UV_THREADPOOL_SIZE: '4' }
  const zk = zkRun({ bootstrapServers, topic, group: topic, processor, args, env })
  await zk.ready
  const producer = kafkaClient(bootstrapServers).producer({ allowAutoTopicCreation: false })
  await producer.connect()
  const fills = Array.from({ length: THREADS }, (_, i) => ({ partition: 0, key: `fill${i}`, value: String(FILL_MS) }))
  await producer.send({ topic, messages: fills })
  await delay(BEGIN_MS)
  say(`${reader}: timing a record every ${EVERY_MS} ms`)
  let sent = 0
  /** @type {Promise<unknown>[]} */
  const sending = []
  for (const end = performance.now() + TRICKLE_MS; performance.now() < end; ) {
    const value = String(Number(process.hrtime.bigint()) / 1e6)
    sending.push(producer.send({ topic, messages: [{ partition: 1, key: `t${sent++}`, value }] }))
    await delay(EVERY_MS)
  }
  await Promise.all(sending)
  await producer.disconnect()
  zk.kill('SIGTERM')
  const exitCode = await zk.ended
  const times = readFileSync(journal, 'utf8')
    .trim()
    .split('\n')
    .map((line) => line.split(' ').map(Number))
  rmSync(dir, { recursive: true })
  await deleteTopic(bootstrapServers, topic)

  const began = times.map(([, at]) => at).sort((a, b) => a - b)
  const gaps = began
    .slice(1)
    .map((at, i) => at - began[i])
    .sort((a, b) => a - b)
  const delays = times.map(([producedAt, at]) => at - producedAt).sort((a, b) => a - b)
  const round = (/** @type {number} */ ms) => Number(ms.toFixed(1))
  return {
    ...{ sent, missing: sent - times.length, exitCode },
    ...{ maxGapMs: round(gaps[gaps.length - 1]), p99GapMs: round(gaps[Math.floor(gaps.length * 0.99)]) },
    ...{ p50DelayMs: round(delays[delays.length >> 1]), maxDelayMs: round(delays[delays.length - 1]) },
  }
}
