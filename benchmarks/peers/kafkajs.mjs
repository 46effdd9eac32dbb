// @ts-check
/** kafkajs with eachBatch: all partitions that a fetch brought at once, offsets committed every five seconds. */
import { Kafka, logLevel } from 'kafkajs'
import { programArguments } from './arguments.mjs'
import { atOnce, atOnceByKey } from './at-once.mjs'
import { Meter } from './meter.mjs'

const args = programArguments()
const meter = new Meter(args)
const kafka = new Kafka({ brokers: args.bootstrap.split(','), logLevel: logLevel.ERROR })
const consumer = kafka.consumer({ groupId: `peer-kafkajs-${process.pid}-${Date.now()}` })
await consumer.connect()
await consumer.subscribe({ topics: [args.topic], fromBeginning: true })
await consumer.run({
  autoCommitInterval: 5_000,
  eachBatch: async ({ batch: { messages } }) => {
    if (args.ordered) return atOnceByKey(messages, args.concurrency, ({ key }) => String(key), handle)
    if (args.concurrency > 1) return atOnce(messages, args.concurrency, handle)
    for (const message of messages) {
      const waits = handle(message)
      if (waits) await waits
    }
  },
})
await meter.ended
process.exit(0)

/** @param {import('kafkajs').KafkaMessage} message */
function handle({ value }) {
  return meter.handle(/** @type {Buffer} */ (value))
}
