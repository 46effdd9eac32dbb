import type { Message, ProcessContext, ThreadInfo } from '@zk/runtime/processor'
import { latencyOf } from './latency-sample.js'

/** Slot 0 counts the latencies, in milliseconds, that stand behind it. There is one thread. */
export default {
  setup({ options }: ThreadInfo<SharedArrayBuffer>): Float64Array {
    return new Float64Array(options)
  },
  process(message: Message, { state }: ProcessContext<Float64Array>): void {
    const place = state[0]! + 1
    if (place >= state.length) return
    state[place] = latencyOf(message.rawValue!)
    state[0] = place
  },
}
