/**
 * CPU-heavy handlers: half a second of hashing for each order, on every CPU, while the consumer goes on.
 *
 *   KAFKA_BOOTSTRAP=localhost:9092 TOPIC=orders SPEEDUP=4 ROUNDS=500000 node worker.js
 */
import { createClient } from '@zk/runtime'

const { KAFKA_BOOTSTRAP = 'localhost:9092', TOPIC = 'orders', GROUP = 'hash', SPEEDUP, ROUNDS = '500000' } = process.env

const client = createClient({ bootstrapServers: KAFKA_BOOTSTRAP.split(',') })
const work = client.workFactory().create({
  topic: TOPIC,
  groupId: GROUP,
  processor: new URL('./processor.js', import.meta.url),
  processorOptions: { rounds: Number(ROUNDS) },
  // Threads; by default as many as the container may use CPUs.
  ...(SPEEDUP === undefined ? {} : { speedup: Number(SPEEDUP) }),
  // A thread computes one record at a time: handlers that never wait gain nothing from more.
  concurrency: 1,
})

const shutdown = new AbortController()
for (const signal of ['SIGTERM', 'SIGINT']) process.once(signal, () => shutdown.abort())
const { processed, committed } = await work.run({ shutdown: shutdown.signal })
console.log(`${processed} processed, ${committed} committed`)
await client.close()
