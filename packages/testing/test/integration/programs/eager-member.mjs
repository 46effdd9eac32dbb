/**
 * A member of a group as zkafka 2.3 makes one by default (Speedup 1): eager strategies, offsets that are stored when a message is
 * done and committed by librdkafka, a revoke that is answered when nothing is in work.
 *
 * Writes its deliveries to JOURNAL as the recorder does, one JSON line for each assignment to stdout, and ends at SIGTERM.
 * MS is what a message takes.
 */
import { openSync, writeSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import Kafka from 'node-rdkafka'

const { BROKERS, GROUP, TOPIC, JOURNAL, MS } = process.env
const { ERR__ASSIGN_PARTITIONS } = Kafka.CODES.ERRORS
const READ_MS = 100

const fd = openSync(JOURNAL, 'a')
const write = (line) => writeSync(fd, `${JSON.stringify({ ...line, at: Number(process.hrtime.bigint()) / 1e6 })}\n`)
const print = (line) => console.log(JSON.stringify(line))

let isRevoked = false
const consumer = new Kafka.KafkaConsumer(
  {
    'bootstrap.servers': BROKERS,
    'group.id': GROUP,
    'client.id': 'eager-member',
    'enable.auto.commit': true,
    'enable.auto.offset.store': false,
    'session.timeout.ms': 61_000,
    'max.poll.interval.ms': 61_000,
    // The one thing that zkafka leaves alone, so that a test does not wait seconds for every rebalance.
    'heartbeat.interval.ms': 200,
    rebalance_cb(error, partitions) {
      print({ event: error.code === ERR__ASSIGN_PARTITIONS ? 'assigned' : 'revoked', partitions: partitions.length })
      if (error.code === ERR__ASSIGN_PARTITIONS) consumer.assign(partitions)
      // Answered below: a read that is under way may still bring a message.
      else isRevoked = true
    },
  },
  { 'auto.offset.reset': 'earliest' },
)
await new Promise((resolve, reject) => consumer.connect({}, (error) => (error ? reject(error) : resolve())))
consumer.setDefaultConsumeTimeout(READ_MS)
consumer.subscribe([TOPIC])

let isEnding = false
process.once('SIGTERM', () => {
  isEnding = true
})

let isSubscribed = true
let deliveries = 0
while (isSubscribed || consumer.assignments().length > 0) {
  const [message] = await new Promise((resolve, reject) => {
    consumer.consume(1, (error, messages) => (error ? reject(error) : resolve(messages)))
  })
  if (message !== undefined) await handle(message)
  if (isRevoked) {
    isRevoked = false
    // librdkafka commits what is stored before it gives the partitions back.
    consumer.unassign()
  }
  if (isEnding && isSubscribed) {
    isSubscribed = false
    // Nothing is in work. All partitions are given back, as closing does.
    consumer.unsubscribe()
  }
}
await new Promise((resolve) => consumer.disconnect(resolve))

async function handle({ topic, partition, offset, key, value }) {
  const id = `${process.pid}.${++deliveries}`
  const where = { id, thread: 0, topic, partition, offset, key: String(key), value: String(value), attempt: 1 }
  write({ type: 'start', ...where })
  await delay(Number(MS))
  write({ type: 'end', id, ok: true })
  consumer.offsetsStore([{ topic, partition, offset: offset + 1 }])
}
