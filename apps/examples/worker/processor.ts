/** Handles the orders of the producer beside this: loaded once in each thread, compiled when the worker starts. */
import { defineProcessor, json } from '@zk/runtime/processor'
import { z } from 'zod'

const Order = z.object({
  id: z.number().int(),
  customer: z.string(),
  item: z.string(),
  quantity: z.number().int().positive(),
})

interface Options {
  currency: string
  prices: Record<string, number>
}

export default defineProcessor({
  format: json(Order),

  setup({ options }: { options: Options }) {
    // The orders of a customer always come to the same thread, so it can keep what it knows of the customer.
    return { ...options, totals: new Map<string, number>() }
  },

  process({ value: order }, { state, log, idempotencyKey }) {
    // A tombstone: this topic has none, and nothing would have to be done.
    if (order === null) return
    const price = state.prices[order.item]
    if (price === undefined) throw new Error(`There is no price of ${order.item}`)
    const total = (state.totals.get(order.customer) ?? 0) + order.quantity * price
    state.totals.set(order.customer, total)
    log.info({ customer: order.customer, total, currency: state.currency, record: idempotencyKey }, 'Order billed')
  },
})
