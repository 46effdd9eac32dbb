/** Runs in the threads of the work: nothing of the application is here, no provider and no connection. */
import { defineProcessor, json } from '@zk/runtime/processor'

export default defineProcessor({
  format: json(),

  process({ value: order }, { log }) {
    log.info({ order }, 'Order seen')
  },
})
