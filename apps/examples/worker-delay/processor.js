/** Says how old an order is. */
import { defineProcessor, json } from '@zk/runtime/processor'

export default defineProcessor({
  format: json(),

  process({ value, timestamp }, { log }) {
    log.info({ order: value, ageMs: Date.now() - timestamp }, 'Order is due')
  },
})
