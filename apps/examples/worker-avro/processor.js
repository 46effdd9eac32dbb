/** The schema that a value was written by is in the registry, the one that it is read by is here. */
import { readFileSync } from 'node:fs'
import { avroRegistry } from '@zk/formats/avro'
import { defineProcessor } from '@zk/runtime/processor'

/** @typedef {{ id: number, customer: string, quantity: number, placedAt: Date, discount: string | null }} Order */

const { SCHEMA_REGISTRY_URL: url = 'http://localhost:8081/apis/ccompat/v7' } = process.env

export default defineProcessor({
  /** @type {import('@zk/runtime/processor').Format<Order>} */
  format: avroRegistry({
    // A schema is fetched once for all threads.
    registry: { url },
    schema: JSON.parse(readFileSync(new URL('order.avsc', import.meta.url), 'utf8')),
  }),

  process({ value: order }, { log }) {
    if (order === null) return
    // What an older producer did not write has its default; what this schema does not have is left out.
    const { id, placedAt, discount } = order
    log.info({ order: id, placedAt, discount, fields: Object.keys(order) }, 'Order read')
  },
})
