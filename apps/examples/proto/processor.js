/** `message.value` is typed by the generated schema, JavaScript too. */
import { proto } from '@zk/formats/proto'
import { defineProcessor } from '@zk/runtime/processor'
import { OrderSchema } from './order_pb.js'

export default defineProcessor({
  format: proto(OrderSchema),

  process({ value: order }, { log }) {
    if (order === null) return
    const cents = order.lines.reduce((sum, line) => sum + BigInt(line.quantity) * line.priceCents, 0n)
    log.info({ order: String(order.id), customer: order.customer, total: Number(cents) / 100 }, 'Order billed')
  },
})
