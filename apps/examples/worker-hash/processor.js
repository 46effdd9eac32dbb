/** Seals each order with a hash of a hash of a hash: synchronous from beginning to end. */
import { createHash } from 'node:crypto'
import { defineProcessor } from '@zk/runtime/processor'

export default defineProcessor({
  setup({ options, index }) {
    return { .../** @type {{ rounds: number }} */ (options), thread: index }
  },

  process({ rawValue }, { state, log, signal }) {
    if (rawValue === null) return
    const began = performance.now()
    let seal = rawValue
    for (let round = 0; round < state.rounds; round++) {
      // After the deadline the result is nobody's. Who does not look, loses the thread a little later.
      if (round % 10_000 === 0) signal.throwIfAborted()
      seal = createHash('sha256').update(seal).digest()
    }
    const ms = Math.round(performance.now() - began)
    log.info({ thread: state.thread, ms, seal: seal.toString('hex') }, 'Order sealed')
  },
})
