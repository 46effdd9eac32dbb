/**
 * Inserts orders in bulk: one request for up to BATCH_SIZE of them, instead of one for each.
 *
 *   KAFKA_BOOTSTRAP=localhost:9092 TOPIC=orders node worker.js
 */
import { createClient } from '@zk/runtime'
import { startStore } from './store.js'

const { KAFKA_BOOTSTRAP = 'localhost:9092', TOPIC = 'orders', GROUP = 'bulk', BATCH_SIZE = '100' } = process.env

const store = await startStore()
const client = createClient({ bootstrapServers: KAFKA_BOOTSTRAP.split(',') })
const work = client.workFactory().create({
  topic: TOPIC,
  groupId: GROUP,
  processor: new URL('./processor.ts', import.meta.url),
  processorOptions: { store: store.url },
  // A request starts when so many orders wait in a thread, or the first of them has waited so long.
  batch: { maxSize: Number(BATCH_SIZE), maxWaitMs: 20 },
  onDone: ({ partition, offset }, outcome) => {
    if (outcome.status === 'done') return
    console.log(`${TOPIC} ${partition} ${offset}: ${outcome.status}, ${outcome.error?.message}`)
  },
})

const shutdown = new AbortController()
for (const signal of ['SIGTERM', 'SIGINT']) process.once(signal, () => shutdown.abort())
const report = setInterval(() => console.log(JSON.stringify(store.counts())), 1_000)
const { processed, failed } = await work.run({ shutdown: shutdown.signal })
clearInterval(report)
const { rows, requests } = store.counts()
console.log(`${processed} processed, ${failed} of them refused; ${rows} rows in ${requests} requests`)
await client.close()
store.close()
