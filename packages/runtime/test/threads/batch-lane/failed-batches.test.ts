/** A batch that throws is tried one by one: who is charged, and who waits meanwhile. */
import { Outcome } from '@zk/engine'
import { describe, expect, test } from 'vitest'
import { ProcessError } from '../../../src/process-error.js'
import type { Message } from '../../../src/processor-types.js'
import { settled } from '../lane.js'
import { outcomes, slow, twoKeys, watched } from './watched.js'

const { done, failed } = Outcome

describe('a batch that throws', () => {
  const poison = (messages: readonly Message<unknown>[]) => {
    if (messages.some(({ offset }) => offset === 2)) throw new Error('the whole statement')
  }

  test.each([
    ['throws', poison],
    ['rejects', async (messages: readonly Message<unknown>[]) => poison(messages)],
  ])(
    '(%s) has each record tried alone, and only the guilty one is charged, with one attempt too',
    async (_, handler) => {
      const { send, acks, calls, lines } = watched(handler, { keyOf: twoKeys })
      send([0, 1, 2, 3, 4])
      await expect.poll(() => acks).toHaveLength(5)
      expect(outcomes(acks)).toEqual({ 0: done, 1: done, 2: failed, 3: done, 4: done })
      expect(calls[0]).toEqual([0, 1, 2, 3, 4])
      expect(calls.slice(1).every(({ length }) => length === 1)).toBe(true)
      const ofA = calls
        .slice(1)
        .flat()
        .filter((offset) => offset % 2 === 0)
      expect(ofA).toEqual([0, 2, 4])
      expect(lines.filter(({ message }) => message.includes('one by one'))).toMatchObject([{ fields: { messages: 5 } }])
    },
  )

  test('charges the record that fails alone, which has its attempts', async () => {
    const attempts: number[] = []
    const { send, acks, board } = watched(
      (messages, ctx) => {
        for (const message of messages) if (message.offset === 2) attempts.push(ctx.of(message).attempt)
        poison(messages)
      },
      { keyOf: String, retry: { attempts: 3, backoffMs: 1 } },
    )
    send([1, 2])
    await expect.poll(() => acks).toHaveLength(2)
    expect([attempts, outcomes(acks), board.attemptOf(1)]).toEqual([[1, 1, 2, 3], { 1: done, 2: failed }, 1])
  })

  test('for good, as its error says, fails them all at once', async () => {
    const { send, acks, calls } = watched(
      () => {
        throw new ProcessError('no', { retryable: false })
      },
      { keyOf: String, retry: { attempts: 3 } },
    )
    send([0, 1])
    await settled()
    expect([outcomes(acks), calls.length]).toEqual([{ 0: failed, 1: failed }, 1])
  })

  test('does not take away what it has said of single messages', async () => {
    const { send, acks, failures, calls } = watched(
      (messages, ctx) => {
        if (messages.length === 1) return
        ctx.fail(messages[0]!, new ProcessError('mine', { retryable: false }))
        throw new Error('the rest')
      },
      { keyOf: String },
    )
    send([0, 1])
    await expect.poll(() => acks).toHaveLength(2)
    expect([outcomes(acks), calls]).toEqual([{ 0: failed, 1: done }, [[0, 1], [1]]])
    expect(failures).toMatchObject([{ ticket: 0, error: { message: 'mine' } }])
  })

  test('has nobody beside a record that is tried alone, neither of another key nor behind one of its own', async () => {
    const { send, calls, ends } = slow({ keyOf: String, retry: { backoffMs: 1 } })
    send([0, 1])
    ends[0]!.reject(new Error('whose?'))
    send([2])
    await settled()
    await settled()
    send([3])
    for (let i = 1; i < 4; i++) {
      await expect.poll(() => ends).toHaveLength(i + 1)
      ends[i]!.resolve()
    }
    await expect.poll(() => calls).toEqual([[0, 1], [2], [0], [1], [3]])

    const own = watched(
      (messages, ctx) => {
        if (messages.length === 1) return
        ctx.fail(messages[0]!, new Error('mine'))
        throw new Error('whose?')
      },
      { keyOf: () => 'a', retry: { attempts: 2, backoffMs: 1 } },
    )
    own.send([0, 1])
    await expect.poll(() => own.calls).toEqual([[0, 1], [0], [1]])
  })

  test('waits for the backoff before it is tried alone', async () => {
    const { send, stateOf, board } = watched(poison, {
      keyOf: String,
      retry: { backoffMs: 60_000, maxBackoffMs: 60_000 },
    })
    send([1, 2])
    await settled()
    expect([stateOf(1), board.attemptOf(1)]).toEqual(['parked', 1])
    expect(board.dueInMs(1, 1)).toBeGreaterThan(50_000)
  })
})
