// @ts-check
/**
 * kafkajs that gives each value to a pool of threads: --concurrency tasks at once in all, so many of them in each thread.
 * A value is copied first: to clone a Buffer is to clone the whole response that it is a part of.
 */
import { Kafka, logLevel } from 'kafkajs'
import { Piscina } from 'piscina'
import { programArguments } from './arguments.mjs'
import { atOnce } from './at-once.mjs'
import { Meter } from './meter.mjs'

const args = programArguments()
const meter = new Meter(args)
const pool = new Piscina({
  filename: new URL('./piscina-worker.mjs', import.meta.url).href,
  workerData: { handler: args.handler, delays: meter.delays },
  minThreads: args.threads,
  maxThreads: args.threads,
  concurrentTasksPerWorker: Math.max(1, Math.ceil(args.concurrency / args.threads)),
})
const kafka = new Kafka({ brokers: args.bootstrap.split(','), logLevel: logLevel.ERROR })
const consumer = kafka.consumer({ groupId: `peer-piscina-${process.pid}-${Date.now()}` })
await consumer.connect()
await consumer.subscribe({ topics: [args.topic], fromBeginning: true })
await consumer.run({
  autoCommitInterval: 5_000,
  eachBatch: ({ batch: { messages } }) =>
    atOnce(messages, args.concurrency, async ({ value }) => {
      meter.start()
      meter.finish(await pool.run(new Uint8Array(/** @type {Buffer} */ (value))))
    }),
})
await meter.ended
process.exit(0)
