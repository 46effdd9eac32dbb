// @ts-check
/** kafkajs with eachBatch: --partitions of them beside each other, offsets committed every five seconds. */
import { Kafka, logLevel } from 'kafkajs'
import { programArguments } from './arguments.mjs'
import { atOnce, atOnceByKey, limiter } from './at-once.mjs'
import { Meter } from './meter.mjs'

const args = programArguments()
const meter = new Meter(args)
/** Handlers at once in all, whatever partition their records are of. */
const limited = limiter(args.concurrency)
/** @param {import('kafkajs').KafkaMessage} message */
const alone = ({ value }) => meter.handle(/** @type {Buffer} */ (value))
/** @param {import('kafkajs').KafkaMessage} message */
const withOthers = (message) => limited(() => alone(message))
const handle = args.partitions > 1 ? withOthers : alone
const kafka = new Kafka({ brokers: args.bootstrap.split(','), logLevel: logLevel.ERROR })
const consumer = kafka.consumer({ groupId: `peer-kafkajs-${process.pid}-${Date.now()}` })
await consumer.connect()
await consumer.subscribe({ topics: [args.topic], fromBeginning: true })
await consumer.run({
  autoCommitInterval: 5_000,
  partitionsConsumedConcurrently: args.partitions,
  eachBatch: async ({ batch: { messages } }) => {
    if (args.ordered) return atOnceByKey(messages, args.concurrency, ({ key }) => String(key), handle)
    return atOnce(messages, args.concurrency, handle)
  },
})
await meter.ended
process.exit(0)
