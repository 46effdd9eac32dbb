/** What becomes of a batch whose partitions go, whose work is told to end, or whose work a failure stops. */
import { Outcome } from '@zk/engine'
import { describe, expect, test } from 'vitest'
import { SLOT, settled } from '../lane.js'
import { outcomes, slow, twoKeys, watched } from './watched.js'

const { done, failed, discarded } = Outcome

describe('partitions that are about to go', () => {
  const long = { attempts: 3, backoffMs: 60_000, maxBackoffMs: 60_000 }

  test('a batch that has not begun is handed back', async () => {
    const { send, acks, executor, board, calls } = watched(undefined, { batch: { maxSize: 8, maxWaitMs: 10_000 } })
    send([0, 1])
    board.cut(SLOT, 1, -1)
    executor.wake()
    expect([calls, outcomes(acks)]).toEqual([[], { 0: discarded, 1: discarded }])
  })

  test('what lies above the cut is left out of a batch', () => {
    const { send, acks, executor, board, calls } = watched(undefined, { keyOf: String, batch: { maxWaitMs: 10_000 } })
    send([0, 1, 2])
    board.cut(SLOT, 1, 1)
    executor.wake()
    expect([calls, outcomes(acks)]).toEqual([[[0, 1]], { 0: done, 1: done, 2: discarded }])
  })

  test('a record that failed and those of its key behind it are handed back; what was done before it is done', async () => {
    const { send, acks, board, ends } = slow({ keyOf: () => 'a', retry: long })
    send([0, 1, 2])
    send([3])
    board.cut(SLOT, 1, 10)
    ends[0]!.ctx.fail(ends[0]!.messages[1]!, new Error('later'))
    ends[0]!.resolve()
    await settled()
    expect(outcomes(acks)).toEqual({ 0: done, 1: discarded, 2: discarded, 3: discarded })
  })

  test('so is all of a batch that throws', async () => {
    const { send, acks, board, ends } = slow({ keyOf: twoKeys, retry: long })
    send([0, 1, 2])
    board.cut(SLOT, 1, 10)
    ends[0]!.reject(new Error('whose?'))
    await settled()
    expect(outcomes(acks)).toEqual({ 0: discarded, 1: discarded, 2: discarded })
  })

  test('what waits to be tried alone is handed back with those behind it', async () => {
    const { send, acks, board, executor, ends } = slow({ keyOf: twoKeys, retry: long })
    send([0, 1, 2])
    ends[0]!.reject(new Error('whose?'))
    await settled()
    expect(acks).toEqual([])
    board.cut(SLOT, 1, 10)
    executor.wake()
    expect(outcomes(acks)).toEqual({ 0: discarded, 1: discarded, 2: discarded })
  })

  test('a handler that gives up is not tried again, and later records of a key are not finished before earlier ones', async () => {
    const { send, acks, executor, ends } = slow({ keyOf: () => 'a', retry: long })
    send([0, 1, 2])
    executor.abort([SLOT], 'shutdown')
    expect(ends[0]!.ctx.signal.reason).toMatchObject({ name: 'AbortError', reason: 'shutdown' })
    ends[0]!.ctx.fail(ends[0]!.messages[1]!, ends[0]!.ctx.signal.reason)
    ends[0]!.resolve()
    await settled()
    expect(outcomes(acks)).toEqual({ 0: done, 1: discarded, 2: discarded })
  })

  test('one that finishes all the same is done', async () => {
    const { send, acks, executor, ends } = slow()
    send([0, 1])
    executor.abort([SLOT], 'revoked')
    ends[0]!.resolve()
    await settled()
    expect(outcomes(acks)).toEqual({ 0: done, 1: done })
  })

  test('a batch that is given up for some of its records is tried again for the others, together and uncharged', async () => {
    const { send, acks, executor, ends, calls, lines } = slow({ keyOf: String })
    send([0])
    send([1, 2])
    send([3], { slot: SLOT + 1 })
    send([4], { slot: SLOT + 1 })
    ends[0]!.resolve()
    await settled()
    expect(calls[1]).toEqual([1, 2, 3, 4])
    executor.abort([SLOT], 'revoked')
    ends[1]!.reject(ends[1]!.ctx.signal.reason)
    await settled()
    expect(calls[2]).toEqual([3, 4])
    // Acks are posted together, some milliseconds later.
    await expect.poll(() => outcomes(acks)).toEqual({ 0: done, 1: discarded, 2: discarded })
    expect(ends[2]!.ctx.of(ends[2]!.messages[0]!).attempt).toBe(1)
    expect(lines).toEqual([])
  })

  test('with stopOnFailure nothing starts after a failure', async () => {
    const { send, acks, calls } = watched((messages, ctx) => ctx.fail(messages[0]!, new Error('bad')), {
      ...{ keyOf: String, stopOnFailure: true, batch: { maxSize: 2 } },
    })
    send([0, 1, 2, 3])
    await settled()
    expect([calls, outcomes(acks)]).toEqual([[[0, 1]], { 0: failed, 1: done, 2: discarded, 3: discarded }])
  })
})

test('a failure that stops the work leaves those of its key behind it to whoever starts it again, although they have run', async () => {
  const { send, acks, stateOf } = watched(
    (messages, ctx) => {
      for (const message of messages) if (message.offset === 2) ctx.fail(message, new Error('bad'))
    },
    { keyOf: twoKeys, stopOnFailure: true },
  )
  send([0, 1, 2, 3, 4, 5, 6])
  await settled()
  const expected = { 0: done, 1: done, 2: failed, 3: done, 4: discarded, 5: done, 6: discarded }
  expect(outcomes(acks)).toEqual(expected)
  expect([4, 6].map(stateOf)).toEqual(['discarded', 'discarded'])
})

test('and one that has a dead letter does not', async () => {
  const { send, acks } = watched((messages, ctx) => ctx.fail(messages[0]!, new Error('bad')), {
    ...{ keyOf: () => 'a', stopOnFailure: true, deadLetters: true },
  })
  send([0, 1])
  await settled()
  expect(outcomes(acks)).toEqual({ 0: failed, 1: done })
})
