/**
 * Reads that are cut off at random moments: by detach, by disconnect without close, by close, by a second member that
 * joins, by the end of the process. Prints one JSON line, {"rounds", "records", "verdict"}, and exits 0 when nothing was wrong.
 *
 *   node scripts/cut-reads.mjs [rounds, default 200] [seed]
 */
import Kafka from 'node-rdkafka'
import { commit, openReader } from '../dist/index.js'
import { createMockCluster } from '../dist/mock-cluster.js'
import { seeded, turns } from './cutting.mjs'

const rounds = Number(process.argv[2] ?? 200)
const seed = Number(process.argv[3] ?? Date.now() % 1e9)
const random = seeded(seed)
const topic = 'cut'
const partitions = 8

const cluster = createMockCluster()
cluster.setGroupInitialRebalanceDelay(10)
cluster.createTopic(topic, partitions)

const connect = (client) =>
  new Promise((resolve, reject) => client.connect({ timeout: 10_000 }, (error) => (error ? reject(error) : resolve())))
const disconnect = (client) => new Promise((resolve) => client.disconnect(resolve))

async function fill() {
  const producer = new Kafka.Producer({ 'bootstrap.servers': cluster.bootstrapServers, 'batch.num.messages': 200 })
  await connect(producer)
  for (let i = 0; i < 40_000; i++)
    producer.produce(topic, i % partitions, Buffer.from(`value ${i}`), `key ${i}`, null, null, [{ h: `${i}` }])
  await new Promise((resolve, reject) => producer.flush(20_000, (error) => (error ? reject(error) : resolve())))
  await disconnect(producer)
}

/**
 * Checks every block, so that reading freed or foreign memory would show. A slot that was attached in the middle of its
 * partition begins somewhere.
 */
function check(block, next) {
  const n = new Uint32Array(block, 0, 2)[1]
  const offsets = new Float64Array(block, 32, n)
  const slots = new Int32Array(block, 32 + 16 * n, n)
  for (let i = 0; i < n; i++) {
    const expected = next.get(slots[i]) ?? offsets[i]
    if (offsets[i] !== expected) throw new Error(`slot ${slots[i]}: offset ${offsets[i]} instead of ${expected}`)
    next.set(slots[i], expected + 1)
  }
  return n
}

async function member(group) {
  const slots = new Map()
  const next = new Map()
  const self = { records: 0, consumer: undefined, reader: undefined, wanted: Infinity, reached: undefined }
  let nextSlot = 0
  self.consumer = new Kafka.KafkaConsumer(
    {
      'bootstrap.servers': cluster.bootstrapServers,
      'group.id': group,
      'partition.assignment.strategy': 'cooperative-sticky',
      'enable.auto.commit': false,
      'enable.auto.offset.store': false,
      'heartbeat.interval.ms': 20,
      'session.timeout.ms': 1_050,
      'fetch.wait.max.ms': 5,
      'fetch.queue.backoff.ms': 5,
      rebalance_cb: (error, assignment) => {
        if (error.code === -175) {
          for (const { partition } of assignment) {
            slots.set(partition, nextSlot++)
            next.set(slots.get(partition), 0)
            self.reader.attach(topic, partition, slots.get(partition))
          }
          // From the start, so that what every slot must deliver is known.
          self.consumer.incrementalAssign(assignment.map((one) => ({ ...one, offset: 0 })))
        } else {
          for (const { partition } of assignment) {
            self.reader.detach(slots.get(partition))
            slots.delete(partition)
          }
          self.consumer.incrementalUnassign(assignment)
        }
      },
    },
    { 'auto.offset.reset': 'earliest', 'consume.callback.max.messages': 16 },
  )
  self.attachAnew = (partition) => {
    if (!slots.has(partition)) return
    self.reader.detach(slots.get(partition))
    slots.set(partition, nextSlot++)
    self.reader.attach(topic, partition, slots.get(partition))
  }
  await connect(self.consumer)
  await new Promise((resolve) => {
    self.reader = openReader(self.consumer, {
      onReady: () => {
        const taken = self.reader.take()
        if (taken?.block) {
          self.records += check(taken.block, next)
          self.reader.request(1 + random(2_000), 1 + random(200_000))
        }
        resolve()
      },
    })
    self.reader.request(100, 10_000)
    self.consumer.subscribe([topic])
  })
  return self
}

let records = 0
try {
  await fill()
  for (let round = 0; round < rounds; round++) {
    const reading = await member(`cut-${round}`)
    // Every tenth round, a second member joins, and the rebalance is under way when the first one is cut off.
    const guest = round % 10 === 9 ? member(`cut-${round}`) : undefined
    await turns(random(guest === undefined ? 200 : 20_000))
    for (let i = random(20); i > 0; i--) {
      reading.attachAnew(random(partitions))
      await turns(random(5))
    }
    if (random(4) === 0) reading.reader.setPaused(0, true)
    const pending = random(3) === 0 ? commit(reading.consumer, [{ topic, partition: 0, offset: 1 }], 2_000) : undefined
    if (random(2) === 0) reading.reader.close()
    const gone = disconnect(reading.consumer)
    // Cut off by the disconnect, or answered before: both are fine, a hang or a crash is not.
    await Promise.allSettled([pending, gone])
    records += reading.records
    if (guest === undefined) continue
    const { consumer, records: more } = await guest
    records += more
    await disconnect(consumer)
  }
  process.stdout.write(`${JSON.stringify({ rounds, seed, records, verdict: 'ok' })}\n`)
} catch (error) {
  process.stdout.write(
    `${JSON.stringify({ rounds, seed, records, verdict: 'failed', reason: String(error?.stack ?? error) })}\n`,
  )
  process.exitCode = 1
}
// On purpose without closing: the process ends with a reader that is reading, and with the mock brokers running.
const last = await member('last')
await turns(5)
process.exit(last.records >= 0 ? process.exitCode : 1)
