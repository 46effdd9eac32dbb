/** Charges orders by a payment service that sometimes does not answer: the same handler at each station of the pipeline. */
import { defineProcessor, json, ProcessError } from '@zk/runtime/processor'
import { z } from 'zod'

const Order = z.object({ id: z.number().int(), customer: z.string() })

export default defineProcessor({
  format: json(Order),

  async process({ value: order, timestamp, headers }, { log, signal }) {
    if (order === null) return
    // A dead letter says where it comes from.
    const from = headers.get('__dlq.errors.topic')?.toString()
    await charge(order, from !== undefined, signal)
    log.info({ order: order.id, from, ageMs: Date.now() - timestamp }, 'Order charged')
  },
})

/** Stands for a request to somebody else's service, which gets `signal` to end it at the deadline. */
async function charge({ id }: z.infer<typeof Order>, isLater: boolean, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted()
  // Orders whose number ends with 7 it never answers, those with 3 only later.
  if (id % 10 === 7 || (id % 10 === 3 && !isLater)) {
    // That it is one order's trouble: the circuit stays closed.
    throw new ProcessError(`The payment service does not answer for order ${id}`, { disableCircuitBreak: true })
  }
}
