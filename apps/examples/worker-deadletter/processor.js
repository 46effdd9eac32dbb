/** Fails always. */
import { defineProcessor, json, ProcessError } from '@zk/runtime/processor'

export default defineProcessor({
  format: json(),

  process({ value: order }) {
    throw new ProcessError(`Nobody wants ${JSON.stringify(order)}`, {
      // The order is at fault, and not what orders need: the circuit stays closed, and the next one is tried.
      disableCircuitBreak: true,
      // `disableDeadLetter: true` would complete the record without a letter, `retryable: false` without another attempt.
    })
  },
})
