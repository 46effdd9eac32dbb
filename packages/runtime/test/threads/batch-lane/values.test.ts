/** Values that do not decode, or not yet, are not in the batch. */
import { Outcome } from '@zk/engine'
import { describe, expect, test } from 'vitest'
import { ProcessError } from '../../../src/process-error.js'
import { settled } from '../lane.js'
import { outcomes, twoKeys, watched } from './watched.js'

const { done, failed } = Outcome

describe('values that do not decode', () => {
  const format = {
    name: 'picky',
    decode: (bytes: Uint8Array) => {
      const text = Buffer.from(bytes).toString()
      if (text === 'v1') throw new ProcessError('not mine', { retryable: false })
      return text
    },
    encode: () => Buffer.alloc(0),
  }

  test('fail their record, and the handler gets the others', async () => {
    const { send, acks, calls, failures } = watched(undefined, { keyOf: () => 'a', format })
    send([0, 1, 2])
    await settled()
    expect([calls, outcomes(acks)]).toEqual([[[0], [2]], { 0: done, 1: failed, 2: done }])
    expect(failures).toMatchObject([{ ticket: 1, error: { message: 'not mine' } }])
  })

  test('of a whole batch call no handler', async () => {
    const { send, acks, calls } = watched(undefined, { format })
    send([1])
    await settled()
    expect([calls, acks]).toEqual([[], [[1, failed]]])
  })

  test('that may be tried again hold the records of their key behind them', async () => {
    let isReady = false
    const late = {
      ...format,
      decode: (bytes: Uint8Array) => {
        if (!isReady && Buffer.from(bytes).toString() === 'v0') throw new Error('not yet')
        return ''
      },
    }
    const { send, calls, stateOf } = watched(undefined, { format: late, retry: { attempts: 2, backoffMs: 10 } })
    send([0, 1])
    await settled()
    expect([calls, stateOf(0), stateOf(1)]).toEqual([[], 'parked', 'queued'])
    isReady = true
    await expect.poll(() => calls.flat()).toEqual([0, 1])
  })

  test('that have to be fetched for are waited for without the others', async () => {
    let fetched: () => void = () => {}
    let asked = 0
    const remote = {
      ...format,
      decode: (bytes: Uint8Array) => Buffer.from(bytes).toString(),
      prepareDecode: (bytes: Uint8Array) => {
        if (Buffer.from(bytes).toString() !== 'v2') return undefined
        return ++asked > 2 ? undefined : new Promise<void>((resolve) => (fetched = resolve))
      },
    }
    const { send, calls, stateOf } = watched(undefined, { keyOf: twoKeys, format: remote })
    send([0, 1, 2, 3, 4])
    await settled()
    // Behind the first of its key it is asked for once, and once more when it is the first.
    expect([calls, stateOf(2), stateOf(4)]).toEqual([[[0, 1, 3]], 'parked', 'queued'])
    fetched()
    await expect
      .poll(() => calls)
      .toEqual([
        [0, 1, 3],
        [2, 4],
      ])
  })
})
