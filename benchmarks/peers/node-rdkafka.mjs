// @ts-check
/**
 * A bare node-rdkafka loop: a batch, its handlers, the next batch. Offsets are stored by librdkafka as records are handed
 * out, as by default.
 */
import Kafka from 'node-rdkafka'
import { programArguments } from './arguments.mjs'
import { atOnce } from './at-once.mjs'
import { Meter } from './meter.mjs'

/** How long `consume` waits for each further record of a batch. */
const TIMEOUT_MS = 20

const args = programArguments()
const meter = new Meter(args)
const consumer = new Kafka.KafkaConsumer(
  {
    'metadata.broker.list': args.bootstrap,
    'group.id': `peer-node-rdkafka-${process.pid}-${Date.now()}`,
    // Its default of a second leaves the queue empty most of the time.
    'fetch.queue.backoff.ms': 10,
  },
  { 'auto.offset.reset': 'earliest' },
)
await new Promise((resolve, reject) => {
  consumer.connect({}, (error) => (error ? reject(error) : resolve(undefined)))
})
consumer.subscribe([args.topic])
consumer.setDefaultConsumeTimeout(TIMEOUT_MS)
while (!meter.isDone) {
  /** @type {Kafka.Message[]} */
  const messages = await new Promise((resolve, reject) => {
    consumer.consume(args.batch, (error, batch) => (error ? reject(error) : resolve(batch)))
  })
  await atOnce(messages, args.concurrency, ({ value }) => meter.handle(/** @type {Buffer} */ (value)))
}
process.exit(0)
