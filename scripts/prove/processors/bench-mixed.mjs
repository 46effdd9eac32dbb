/** Waits 4 ms, then computes for about half of one: concurrency until the thread is busy, then threads. */
import { setTimeout } from 'node:timers/promises'

export default {
  async process() {
    await setTimeout(4)
    let hash = 0x811c9dc5 | 0
    for (let i = 0; i < 500_000; i++) hash = Math.imul(hash ^ i, 0x01000193)
    // Never so: the loop must have a use.
    if (hash === 0.5) throw new Error('impossible')
  },
}
