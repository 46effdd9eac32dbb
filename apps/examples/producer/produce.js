/**
 * Writes orders to a topic: JSON values, the customer as key, so that the orders of a customer stay in order.
 *
 *   KAFKA_BOOTSTRAP=localhost:9092 TOPIC=orders COUNT=1000 CUSTOMERS=50 node produce.js
 */
import Kafka from 'node-rdkafka'

const { KAFKA_BOOTSTRAP = 'localhost:9092', TOPIC = 'orders', COUNT = '1000', CUSTOMERS = '50' } = process.env
const count = Number(COUNT)
const customers = Number(CUSTOMERS)

const producer = new Kafka.Producer(
  {
    'bootstrap.servers': KAFKA_BOOTSTRAP,
    // Retries neither repeat nor reorder.
    'enable.idempotence': true,
    dr_cb: true,
  },
  // Places keys as Java's producer does, so that the orders of a customer share a partition whoever writes them.
  { partitioner: 'murmur2_random' },
)

/** Settles when the broker has answered for every order. */
const acknowledged = new Promise((resolve, reject) => {
  let reports = 0
  producer.on('delivery-report', (error) => {
    if (error) reject(new Error(error.message))
    else if (++reports === count) resolve(undefined)
  })
})

await new Promise((resolve, reject) => {
  producer.connect({ timeout: 10_000 }, (error) => (error ? reject(error) : resolve(undefined)))
})
producer.setPollInterval(10)

for (let n = 0; n < count; n++) {
  const order = { id: n, customer: `customer-${n % customers}`, item: 'tea', quantity: 1 + (n % 5) }
  await produce(order)
}
if (count > 0) await acknowledged
await new Promise((resolve) => producer.disconnect(resolve))
console.log(`${count} orders are on topic ${TOPIC}`)

/** @param {{ customer: string }} order */
async function produce(order) {
  const value = Buffer.from(JSON.stringify(order))
  for (;;) {
    try {
      producer.produce(TOPIC, null, value, order.customer, Date.now())
      return
    } catch (error) {
      // The queue is full: what is in it goes out meanwhile.
      if (!isQueueFull(error)) throw error
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }
}

/** @param {unknown} error */
function isQueueFull(error) {
  return error instanceof Error && 'code' in error && error.code === Kafka.CODES.ERRORS.ERR__QUEUE_FULL
}
