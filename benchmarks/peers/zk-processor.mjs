// @ts-check
import { wallClock } from '../dist/latency-sample.js'
import { handlerOf } from './handlers.mjs'
import { processCpu } from './meter.mjs'

/** Numbers of each thread: messages done, when its first one began, the CPU of the process until then, checksum. */
export const [DONE, STARTED, CPU, SUM] = /** @type {const} */ ([0, 1, 2, 3])
/** As many as fill a cache line, or threads would take it from each other. */
export const SLOTS = 16

/** @typedef {{ handler: import('./handlers.mjs').HandlerName, counts: Float64Array, delays: Float64Array }} Options */

export default {
  /** @param {import('@zk/runtime/processor').ThreadInfo<Options>} thread */
  setup({ options: { handler, counts, delays }, index }) {
    const own = counts.subarray(index * SLOTS, (index + 1) * SLOTS)
    const handle = handlerOf(handler, delays)
    /** @param {number} part */
    const finish = (part) => {
      own[SUM] = Number(own[SUM]) ^ part
      own[DONE] = Number(own[DONE]) + 1
    }
    /**
     * @param {Uint8Array} value
     * @returns {void | Promise<void>}
     */
    return (value) => {
      if (own[STARTED] === 0) {
        own[CPU] = processCpu()
        own[STARTED] = wallClock()
      }
      const part = handle(value)
      if (typeof part === 'number') finish(part)
      else return part.then(finish)
    }
  },
  /**
   * @param {import('@zk/runtime/processor').Message} message
   * @param {import('@zk/runtime/processor').ProcessContext<(value: Uint8Array) => void | Promise<void>>} context
   */
  process(message, { state }) {
    return state(/** @type {Buffer} */ (message.rawValue))
  },
}
