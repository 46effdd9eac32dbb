/** Orders as rows of a store, up to a batch of them in one request. */
import { defineProcessor, json, ProcessError, type ThreadInfo } from '@zk/runtime/processor'
import { z } from 'zod'

const Order = z.object({ id: z.number(), customer: z.string(), item: z.string(), quantity: z.number() })

export default defineProcessor({
  format: json(Order),

  setup: ({ options }: ThreadInfo<{ store: string }>) => options.store,

  async processBatch(messages, ctx) {
    const rows = messages.map((message) => ({
      ...message.value,
      // The same when a message comes again: the store replaces the row, and nothing is inserted twice.
      id: ctx.of(message).idempotencyKey,
    }))
    const response = await fetch(ctx.state, { method: 'POST', body: JSON.stringify(rows), signal: ctx.signal })
    // Of the whole request: each message is tried again alone, and the circuit breaker waits for a store that is down.
    if (!response.ok) throw new Error(`The store answers ${response.status}`)
    const refused = (await response.json()) as { index: number; reason: string }[]
    for (const { index, reason } of refused) {
      // These and no others: the rest of the batch is done. It is the order's fault, and not that of what all orders need.
      ctx.fail(messages[index]!, new ProcessError(reason, { retryable: false, disableCircuitBreak: true }))
    }
  },
})
