/**
 * `memory-bare.js <bootstrap> <topic> <idle|full> <threads>`: a plain consumer and so many bare worker threads. Full: as many records
 * as the runtime's window are kept, the oldest are let go of as fast as handlers end there, and librdkafka may fetch ahead as much.
 */
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import type Kafka from 'node-rdkafka'
import { bareConsumer, consumed } from './bare-consumer.js'
import { IN_FLIGHT, PER_SECOND, tellResident } from './memory-run.js'
import { runtimeProperties } from './runtime-properties.js'

const [bootstrap, topic, mode, threads] = process.argv.slice(2) as [string, string, string, string]
const BATCH = 1_000
const workers = Array.from({ length: Number(threads) }, () => new Worker(new URL('./idle-thread.js', import.meta.url)))
await Promise.all(workers.map((worker) => once(worker, 'message')))
let isAssigned = false
const onAssigned = () => {
  isAssigned = true
}
const consumer = await bareConsumer({
  bootstrap,
  topic,
  from: 'earliest',
  ...runtimeProperties(bootstrap, topic),
  onAssigned,
})
consumer.setDefaultConsumeTimeout(20)
const kept: Kafka.Message[] = []
while (mode === 'full' && kept.length < IN_FLIGHT) {
  kept.push(...(await consumed(consumer, Math.min(BATCH, IN_FLIGHT - kept.length))))
}
if (mode === 'idle') {
  // A rebalance is served while somebody consumes.
  while (!isAssigned) await consumed(consumer, 1)
} else {
  setInterval(async () => {
    kept.splice(0, PER_SECOND / 10)
    kept.push(...(await consumed(consumer, IN_FLIGHT - kept.length)))
  }, 100)
}
await tellResident(mode)
