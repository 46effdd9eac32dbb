/**
 * Reads the orders that produce.js wrote.
 *
 *   KAFKA_BOOTSTRAP=localhost:9092 TOPIC=orders-proto node worker.js
 */
import { createClient } from '@zk/runtime'

const { KAFKA_BOOTSTRAP = 'localhost:9092', TOPIC = 'orders-proto', GROUP = 'proto' } = process.env

const client = createClient({ bootstrapServers: KAFKA_BOOTSTRAP.split(',') })
const work = client.workFactory().create({
  topic: TOPIC,
  groupId: GROUP,
  processor: new URL('./processor.js', import.meta.url),
  speedup: 2,
})

const shutdown = new AbortController()
for (const signal of ['SIGTERM', 'SIGINT']) process.once(signal, () => shutdown.abort())
const { processed, failed } = await work.run({ shutdown: shutdown.signal })
console.log(`${processed} processed, ${failed} of them failed`)
await client.close()
