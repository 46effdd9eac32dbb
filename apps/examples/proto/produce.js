/**
 * Writes orders as Protobuf, one after the other.
 *
 *   KAFKA_BOOTSTRAP=localhost:9092 TOPIC=orders-proto RATE=1 node produce.js
 */
import { setTimeout as delay } from 'node:timers/promises'
import { create } from '@bufbuild/protobuf'
import { timestampNow } from '@bufbuild/protobuf/wkt'
import { proto } from '@zk/formats/proto'
import { createClient } from '@zk/runtime'
import { OrderSchema } from './order_pb.js'

const { KAFKA_BOOTSTRAP = 'localhost:9092', TOPIC = 'orders-proto', RATE = '1', COUNT = 'Infinity' } = process.env

const client = createClient({ bootstrapServers: KAFKA_BOOTSTRAP.split(',') })
const orders = client.writer({ topic: TOPIC, format: proto(OrderSchema) })

const stop = new AbortController()
for (const signal of ['SIGTERM', 'SIGINT']) process.once(signal, () => stop.abort())

let id = 0
while (id < Number(COUNT) && !stop.signal.aborted) {
  const order = create(OrderSchema, {
    // Beyond what a number can count: int64 is a bigint.
    id: 2n ** 60n + BigInt(id),
    customer: `customer-${id % 50}`,
    placedAt: timestampNow(),
    lines: [
      { item: 'tea', quantity: 1 + (id % 5), priceCents: 350n },
      { item: 'cup', quantity: 1, priceCents: 900n },
    ],
  })
  await orders.writeKey(order.customer, order)
  if (++id < Number(COUNT)) await delay(1000 / Number(RATE), undefined, { signal: stop.signal }).catch(() => {})
}
await client.close()
console.log(`${id} orders are on topic ${TOPIC}`)
