// @ts-check
/**
 * While one key waits ten seconds for its next attempt, the other keys lose next to nothing: their throughput is at least 0.9
 * of a run in which nothing fails. Runs of either kind in turn, three each; the medians are compared.
 */
import { randomUUID } from 'node:crypto'
import { loadClient, median, quiet } from './kit.mjs'
import { createTopic, deleteTopic, kafkaClient } from './topics.mjs'
import { say } from './verdict.mjs'
import { withKafka } from './with-kafka.mjs'

const RECORDS = 30_000
/** The records of one key that waits stay in the window: with fewer keys they would fill the share of their partition. */
const KEYS = 500
const PARTITIONS = 4
const BACKOFF_MS = 10_000
const ROUNDS = 3
const LEAST_RATIO = 0.9
/** Its first record fails, and all its others wait behind that. */
const SLOW_KEY = 'k0'
const processor = new URL('./processors/fails-first.mjs', import.meta.url)

/** @type {import('./verdict.mjs').Proof} */
export const prove = async () =>
  withKafka(async (bootstrapServers) => {
    const topics = { with: `prove-backoff-${randomUUID()}`, without: `prove-backoff-${randomUUID()}` }
    for (const topic of Object.values(topics)) await createTopic(bootstrapServers, topic, PARTITIONS)
    await fill(bootstrapServers, topics.with, 'first')
    await fill(bootstrapServers, topics.without, 'fine')
    /** @type {{ with: number[], without: number[] }} */
    const perSecond = { with: [], without: [] }
    /** @type {string[]} */
    const wrong = []
    // Not counted: the code is compiled, the pages of the log are read.
    await run(bootstrapServers, topics.without, wrong)
    for (let round = 0; round < ROUNDS; round++) {
      for (const side of /** @type {const} */ (['without', 'with'])) {
        const { rate, waitedMs } = await run(bootstrapServers, topics[side], wrong)
        say(`${side} a key that backs off: ${rate} records a second of the other keys; it waited ${waitedMs} ms`)
        perSecond[side].push(rate)
        if (side === 'with' && waitedMs < BACKOFF_MS) wrong.push(`tried again after ${waitedMs} ms`)
      }
    }
    for (const topic of Object.values(topics)) await deleteTopic(bootstrapServers, topic)
    const ratio = Number((median(perSecond.with) / median(perSecond.without)).toFixed(3))
    return { holds: ratio >= LEAST_RATIO && wrong.length === 0, ratio, leastRatio: LEAST_RATIO, perSecond, wrong }
  })

/**
 * @param {string} bootstrapServers
 * @param {string} topic
 * @param {string} first value of the first record of the slow key
 */
async function fill(bootstrapServers, topic, first) {
  const producer = kafkaClient(bootstrapServers).producer({ allowAutoTopicCreation: false })
  await producer.connect()
  const messages = Array.from({ length: RECORDS }, (_, i) => ({
    ...{ partition: (i % KEYS) % PARTITIONS, key: `k${i % KEYS}`, value: i === 0 ? first : 'fine' },
  }))
  for (let i = 0; i < RECORDS; i += 5_000) await producer.send({ topic, messages: messages.slice(i, i + 5_000) })
  await producer.disconnect()
}

/**
 * @param {string} bootstrapServers
 * @param {string} topic
 * @param {string[]} wrong
 */
async function run(bootstrapServers, topic, wrong) {
  const createClient = await loadClient()
  const client = createClient({ bootstrapServers: bootstrapServers.split(',') })
  let began = 0
  let ended = 0
  let others = 0
  let slowEnded = 0
  const work = client.workFactory({ logger: quiet }).create({
    ...{ topic, groupId: `prove-${randomUUID()}`, processor, speedup: 2, concurrency: 8 },
    ...{ retry: { attempts: 2, backoffMs: BACKOFF_MS, maxBackoffMs: BACKOFF_MS, jitter: 0 } },
    onDone: (/** @type {{ key: Buffer | null }} */ { key }) => {
      const now = performance.now()
      if (key?.toString() === SLOW_KEY) {
        if (slowEnded === 0) slowEnded = now
        return
      }
      if (others++ === 0) began = now
      ended = now
    },
  })
  const summary = await work.run({ untilEnd: true })
  await client.close()
  if (summary.processed !== RECORDS || summary.failed > 0) wrong.push(JSON.stringify(summary))
  return { rate: Math.round((others / (ended - began)) * 1_000), waitedMs: Math.round(slowEnded - began) }
}
