/**
 * Writes orders to a topic: JSON values, the customer as key, so that the orders of a customer stay in order.
 *
 *   KAFKA_BOOTSTRAP=localhost:9092 TOPIC=orders RATE=10 COUNT=1000 CUSTOMERS=50 node produce.js
 */
import { setTimeout as delay } from 'node:timers/promises'
import { createClient } from '@zk/runtime'
import { json } from '@zk/runtime/processor'

const { KAFKA_BOOTSTRAP = 'localhost:9092', TOPIC = 'orders' } = process.env
const [rate, count, customers] = [
  process.env.RATE ?? 1,
  process.env.COUNT ?? Infinity,
  process.env.CUSTOMERS ?? 50,
].map(Number)

const client = createClient({ bootstrapServers: KAFKA_BOOTSTRAP.split(',') })
const orders = client.writer({
  topic: TOPIC,
  format: json(),
  // Places keys as Java's producer does, so that the orders of a customer share a partition whoever writes them.
  partitioner: 'murmur2_random',
})

const stop = new AbortController()
for (const signal of ['SIGTERM', 'SIGINT']) process.once(signal, () => stop.abort())

const began = performance.now()
let written = 0
/** @type {unknown} */
let failure
for (let id = 0; id < count && !stop.signal.aborted && failure === undefined; id++) {
  const customer = `customer-${id % customers}`
  // Not awaited, so that many share a request; `ready` slows the loop down when the brokers cannot keep up.
  orders.writeKey(customer, { id, customer, item: 'tea', quantity: 1 + (id % 5) }).then(
    () => written++,
    (error) => {
      failure ??= error
    },
  )
  await orders.ready
  const aheadMs = ((id + 1) / rate) * 1000 - (performance.now() - began)
  if (aheadMs > 1 && id + 1 < count) await delay(aheadMs, undefined, { signal: stop.signal }).catch(() => {})
}

// Sends what is outstanding.
await client.close()
console.log(`${written} orders are on topic ${TOPIC}`)
if (failure !== undefined) throw failure
