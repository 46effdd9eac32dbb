/** What a handler names by `ctx.fail` has failed, and nothing else has. */
import { FailureFlag, Outcome } from '@zk/engine'
import { describe, expect, test } from 'vitest'
import { ProcessError } from '../../../src/process-error.js'
import type { Message } from '../../../src/processor-types.js'
import { settled } from '../lane.js'
import { outcomes, twoKeys, watched } from './watched.js'

const { done, failed } = Outcome

describe('what ctx.fail names', () => {
  test('has failed, with its own error, and the others are done', async () => {
    const { send, acks, failures } = watched(
      (messages, ctx) => {
        ctx.fail(messages[1]!, new Error('bad row'))
        ctx.fail(messages[1]!, new Error('said twice'))
      },
      { keyOf: String },
    )
    send([0, 1, 2])
    await settled()
    expect(outcomes(acks)).toEqual({ 0: done, 1: failed, 2: done })
    expect(failures).toMatchObject([{ ticket: 1, error: { message: 'bad row' }, cause: 'error' }])
  })

  test('is what a ProcessError says: no dead letter, no other attempt', async () => {
    const error = new ProcessError('no', { retryable: false, disableDeadLetter: true })
    const { send, acks, calls } = watched((messages, ctx) => ctx.fail(messages[0]!, error), { retry: { attempts: 5 } })
    send([0])
    await settled()
    expect([acks, calls.length]).toEqual([[[0, failed + FailureFlag.noDeadLetter]], 1])
  })

  test('is tried again by itself; those of its key behind it come again with it, and the others are done', async () => {
    const attempts: [number, number][][] = []
    const { send, acks, stateOf } = watched(
      (messages, ctx) => {
        attempts.push(messages.map((message) => [message.offset, ctx.of(message).attempt]))
        for (const message of messages) {
          if (message.offset === 2 && ctx.of(message).attempt === 1) ctx.fail(message, new Error('later'))
        }
      },
      { keyOf: twoKeys, retry: { attempts: 2, backoffMs: 20 } },
    )
    send([0, 1, 2, 3, 4, 5])
    await settled()
    expect(outcomes(acks)).toEqual({ 0: done, 1: done, 3: done, 5: done })
    expect([2, 4].map(stateOf)).toEqual(['parked', 'queued'])
    await expect.poll(() => acks).toHaveLength(6)
    expect(attempts).toEqual([
      [0, 1, 2, 3, 4, 5].map((offset) => [offset, 1]),
      // Uncharged, and in order.
      [
        [2, 2],
        [4, 1],
      ],
    ])
  })

  test('keeps its key behind it, also what comes meanwhile', async () => {
    let times = 0
    const { send, acks, calls } = watched(
      (messages, ctx) => {
        if (messages[0]!.offset === 0 && ++times < 3) ctx.fail(messages[0]!, new Error('later'))
      },
      { keyOf: () => 'a', retry: { attempts: 3, backoffMs: 5 }, batch: { maxSize: 2 } },
    )
    send([0, 1, 2])
    send([3])
    await expect.poll(() => acks).toHaveLength(4)
    expect(calls).toEqual([
      [0, 1],
      [0, 1],
      [0, 1],
      [2, 3],
    ])
  })

  test('that has failed for good lets those behind it be done', async () => {
    const { send, acks, calls } = watched((messages, ctx) => ctx.fail(messages[0]!, new Error('bad')), {
      keyOf: () => 'a',
    })
    send([0, 1, 2])
    await settled()
    expect([acks, calls]).toEqual([
      [
        [0, failed],
        [1, done],
        [2, done],
      ],
      [[0, 1, 2]],
    ])
  })

  test('must be of the batch', async () => {
    const { send, acks, failures } = watched((messages, ctx) =>
      ctx.fail({ ...messages[0]! } as Message, new Error('copy')),
    )
    send([0])
    await settled()
    expect(acks).toEqual([[0, failed]])
    expect(failures[0]!.error).toMatchObject({ code: 'ZK_BATCH_MESSAGE_UNKNOWN' })
  })

  test('without a key it holds nobody up', async () => {
    let first = true
    const { send, acks } = watched(
      (messages, ctx) => {
        if (first) ctx.fail(messages[0]!, new Error('later'))
        first = false
      },
      { keyOf: () => null, retry: { attempts: 2, backoffMs: 5 } },
    )
    send([0, 1])
    await settled()
    expect(acks[0]).toEqual([1, done])
    await expect.poll(() => outcomes(acks)).toEqual({ 0: done, 1: done })
  })
})
