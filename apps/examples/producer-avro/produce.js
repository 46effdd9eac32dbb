/**
 * Two generations of a producer in one: orders by the first schema and by the second, which has two fields more, in turn.
 *
 *   KAFKA_BOOTSTRAP=localhost:9092 SCHEMA_REGISTRY_URL=http://localhost:8081 TOPIC=orders-avro RATE=1 node produce.js
 */
import { readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { avroRegistry } from '@zk/formats/avro'
import { createClient } from '@zk/runtime'

const { KAFKA_BOOTSTRAP = 'localhost:9092', TOPIC = 'orders-avro' } = process.env
// Apicurio's, as `pnpm kafka:up --registry` starts it.
const { SCHEMA_REGISTRY_URL = 'http://localhost:8081/apis/ccompat/v7' } = process.env
const { RATE = '1', COUNT = 'Infinity' } = process.env

const client = createClient({ bootstrapServers: KAFKA_BOOTSTRAP.split(',') })
const writers = [1, 2].map((version) =>
  client.writer({
    clientId: `orders-v${version}`,
    topic: TOPIC,
    format: avroRegistry({
      registry: { url: SCHEMA_REGISTRY_URL },
      schema: JSON.parse(readFileSync(new URL(`order-v${version}.avsc`, import.meta.url), 'utf8')),
      // As a version of subject `orders-avro-value`. In production a deployment does that, and not the first write.
      autoRegister: true,
    }),
  }),
)

const stop = new AbortController()
for (const signal of ['SIGTERM', 'SIGINT']) process.once(signal, () => stop.abort())

let id = 0
while (id < Number(COUNT) && !stop.signal.aborted) {
  const isNew = id % 2 === 1
  const order = { id, customer: `customer-${id % 50}`, item: 'tea', quantity: 1 + (id % 5), placedAt: new Date() }
  const value = isNew ? { ...order, discount: '0.50', note: 'no sugar' } : order
  await writers[isNew ? 1 : 0].writeKey(order.customer, value)
  if (++id < Number(COUNT)) await delay(1000 / Number(RATE), undefined, { signal: stop.signal }).catch(() => {})
}
await client.close()
console.log(`${id} orders are on topic ${TOPIC}`)
