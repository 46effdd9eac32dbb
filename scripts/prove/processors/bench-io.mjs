/** Waits 5 ms and computes nothing, as for an answer of a service that is fast for everybody: concurrency helps. */
import { setTimeout } from 'node:timers/promises'

export default {
  async process() {
    await setTimeout(5)
  },
}
