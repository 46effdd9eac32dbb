import { MAX_ACK_MICROS, Outcome } from '@zk/engine'
import { expect, test } from 'vitest'
import { AckBuffer } from '../../src/threads/ack-buffer.js'

test('a handler that took longer than an ack can tell took at least so long', () => {
  const posted: Int32Array[] = []
  const acks = new AckBuffer((buffer) => posted.push(new Int32Array(buffer)))
  const [minute, hour] = [60_000, 3_600_000]
  acks.add(1, 7, Outcome.done, minute)
  acks.add(2, 8, Outcome.done, hour)
  acks.flush(0)
  expect(posted).toEqual([Int32Array.of(1, 7, Outcome.done, minute * 1_000, 2, 8, Outcome.done, MAX_ACK_MICROS)])
})
