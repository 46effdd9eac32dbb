/**
 * Orders that fail wait in a topic of their own, while all others go on, and are tried again later:
 *
 *   orders ─ charge ─ fails ─► orders.retry ─ wait ─ charge ─ fails ─► orders.dead
 *
 *   KAFKA_BOOTSTRAP=localhost:9092 RETRY_AFTER_MS=5000 node pipeline.js
 */
import { createClient, ZkError } from '@zk/runtime'

const { KAFKA_BOOTSTRAP = 'localhost:9092', TOPIC = 'orders', RETRY_AFTER_MS = '5000' } = process.env
const processor = new URL('./processor.ts', import.meta.url)

const client = createClient({ bootstrapServers: KAFKA_BOOTSTRAP.split(',') })
const factory = client.workFactory()

const works = [
  factory.create({
    topic: TOPIC,
    groupId: 'charge',
    processor,
    speedup: 2,
    // What lasts a moment is waited for in place. Only this key waits meanwhile.
    retry: { attempts: 2, backoffMs: 100 },
    // Without its value the next station would take it for a tombstone, and be done with it.
    deadLetterTopic: { topic: `${TOPIC}.retry`, oversized: 'stop' },
  }),
  factory.create({
    topic: `${TOPIC}.retry`,
    groupId: 'charge-again',
    processor,
    speedup: 1,
    // Counted from the record's timestamp, see README.md.
    processDelayMs: Number(RETRY_AFTER_MS),
    deadLetterTopic: `${TOPIC}.dead`,
    onDone: ({ headers }, { status }) => {
      const origin = ['topic', 'partition', 'offset'].map((what) => headers.get(`__dlq.errors.${what}`)?.toString())
      if (status === 'dead-lettered')
        console.log(`${origin.join(' ')} is given up: somebody has to look at ${TOPIC}.dead`)
    },
  }),
]

const shutdown = new AbortController()
const abort = new AbortController()
for (const signal of ['SIGTERM', 'SIGINT']) {
  process.on(signal, () => (shutdown.signal.aborted ? abort : shutdown).abort())
}

const runs = works.map(async (work) => {
  try {
    return await work.run({ shutdown: shutdown.signal, signal: abort.signal })
  } catch (error) {
    if (!ZkError.is(error)) throw error
    console.error(`${error.code}: ${error.message}`)
    process.exitCode = error.exitCode
    return undefined
  } finally {
    // One station without the others would only fill the topics between them.
    shutdown.abort()
  }
})
for (const summary of await Promise.all(runs)) {
  if (summary === undefined) continue
  const { reason, processed, deadLettered, committed } = summary
  console.log(
    `${reason}: ${processed} processed, ${deadLettered} of them passed on as dead letters, ${committed} committed`,
  )
  if (reason !== 'drained') process.exitCode ??= 2
}
await client.close()
