import type { Message, ProcessContext, ThreadInfo } from '@zk/runtime/processor'

const SLEEP_MS = 5

/**
 * Waits as for a service, and counts how long that took: two numbers a thread in shared memory, milliseconds in all and
 * handlers, of which each thread writes its own.
 */
export default {
  setup({ options, index }: ThreadInfo<SharedArrayBuffer>): Float64Array {
    return new Float64Array(options, index * 16, 2)
  },
  async process(_message: Message, { state }: ProcessContext<Float64Array>): Promise<void> {
    const started = performance.now()
    await new Promise((resolve) => setTimeout(resolve, SLEEP_MS))
    state[0]! += performance.now() - started
    state[1]! += 1
  },
}
