/**
 * Runs processor.ts over the orders until SIGTERM or SIGINT: what has started is finished and committed, then the process
 * ends with 0. A second signal ends it within a second.
 *
 *   KAFKA_BOOTSTRAP=localhost:9092 TOPIC=orders GROUP=billing node worker.js
 */
import { createClient, ZkError } from '@zk/runtime'

const { KAFKA_BOOTSTRAP = 'localhost:9092', TOPIC = 'orders', GROUP = 'billing' } = process.env

const client = createClient({ bootstrapServers: KAFKA_BOOTSTRAP.split(',') })
const work = client.workFactory().create({
  topic: TOPIC,
  groupId: GROUP,
  processor: new URL('./processor.ts', import.meta.url),
  processorOptions: { currency: 'EUR', prices: { tea: 3 } },
  speedup: 2,
})

const shutdown = new AbortController()
const abort = new AbortController()
for (const signal of ['SIGTERM', 'SIGINT']) {
  process.on(signal, () => (shutdown.signal.aborted ? abort : shutdown).abort())
}

try {
  const { reason, processed, failed, committed } = await work.run({ shutdown: shutdown.signal, signal: abort.signal })
  console.log(`${reason}: ${processed} processed, ${failed} of them failed, ${committed} committed`)
  if (reason !== 'drained') process.exitCode = 2
} catch (error) {
  if (!ZkError.is(error)) throw error
  console.error(`${error.code}: ${error.message}`)
  process.exitCode = error.exitCode
} finally {
  await client.close()
}
