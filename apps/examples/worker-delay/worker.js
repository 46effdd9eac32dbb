/**
 * Handles each order when it is ten seconds old, and not before.
 *
 *   KAFKA_BOOTSTRAP=localhost:9092 TOPIC=orders DELAY_MS=10000 node worker.js
 */
import { createClient } from '@zk/runtime'

const { KAFKA_BOOTSTRAP = 'localhost:9092', TOPIC = 'orders', GROUP = 'delay', DELAY_MS = '10000' } = process.env

const client = createClient({ bootstrapServers: KAFKA_BOOTSTRAP.split(',') })
const work = client.workFactory().create({
  topic: TOPIC,
  groupId: GROUP,
  processor: new URL('./processor.js', import.meta.url),
  speedup: 2,
  // Counted from the record's timestamp. Polling goes on meanwhile, so that it may be hours.
  processDelayMs: Number(DELAY_MS),
})

const shutdown = new AbortController()
for (const signal of ['SIGTERM', 'SIGINT']) process.once(signal, () => shutdown.abort())
const { processed } = await work.run({ shutdown: shutdown.signal })
console.log(`${processed} processed; what is not due yet stays where it is`)
await client.close()
