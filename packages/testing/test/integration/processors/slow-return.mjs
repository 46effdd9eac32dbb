/** The recorder, whose set-up waits at a gate once a thread has died: `options.setUpGate`. */
import { existsSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import recorder from './recorder.mjs'

export default {
  ...recorder,
  async setup(thread) {
    const { journal, setUpGate } = thread.options
    const gate = new Int32Array(setUpGate)
    if (existsSync(`${journal}.deadly`)) while (Atomics.load(gate, 0) === 0) await delay(2)
    return recorder.setup(thread)
  },
}
