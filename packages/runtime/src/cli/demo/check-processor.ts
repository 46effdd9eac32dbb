/**
 * The demo's processor: as many passes of FNV-1a over the value as it is told, and a check of what the runtime promises.
 * The tallies are shared memory, so that every thread of a run writes the same ones.
 */
import { Buffer } from 'node:buffer'
import type { Message, ProcessContext, ThreadInfo } from '../../processor-types.js'
import { fnv1a } from './fnv1a.js'

export interface CheckOptions {
  passes: number
  /** Per message: how often it was processed. */
  times: SharedArrayBuffer
  /** Per key: the next sequence number that is due. */
  due: SharedArrayBuffer
  /** One word: messages that were not the next of their key. */
  outOfOrder: SharedArrayBuffer
}

interface CheckState {
  passes: number
  times: Int32Array
  due: Int32Array
  outOfOrder: Int32Array
}

/** Message number, key number and sequence number within the key, then filling up to `size` bytes. */
export function checkValue(i: number, key: number, seq: number, size: number): Buffer {
  const value = Buffer.alloc(size, 'x')
  value.writeUInt32LE(i, 0)
  value.writeUInt32LE(key, 4)
  value.writeUInt32LE(seq, 8)
  return value
}

export default {
  setup({ options }: ThreadInfo<CheckOptions>): CheckState {
    return {
      passes: options.passes,
      times: new Int32Array(options.times),
      due: new Int32Array(options.due),
      outOfOrder: new Int32Array(options.outOfOrder),
    }
  },

  process(message: Message, { state }: ProcessContext<CheckState>): void {
    const value = message.rawValue!
    const key = value.readUInt32LE(4)
    const seq = value.readUInt32LE(8)
    if (Atomics.exchange(state.due, key, seq + 1) !== seq) Atomics.add(state.outOfOrder, 0, 1)
    fnv1a(value, state.passes)
    Atomics.add(state.times, value.readUInt32LE(0), 1)
  },
}
