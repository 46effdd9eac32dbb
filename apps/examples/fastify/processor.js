/** Runs in the threads of the work: it shares nothing with the application but what `processorOptions` copies. */
import { defineProcessor, json } from '@zk/runtime/processor'

export default defineProcessor({
  format: json(),

  process({ value: order }, { log }) {
    log.info({ order }, 'Order seen')
  },
})
