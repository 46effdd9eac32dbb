/** Which records a batch has, and when it starts. */
import { Outcome } from '@zk/engine'
import { describe, expect, test } from 'vitest'
import type { CrashMarks } from '../../../src/threads/crash-journal.js'
import { settled } from '../lane.js'
import { slow, twoKeys, watched } from './watched.js'

const { done } = Outcome

describe('a batch', () => {
  test('has several records of a key in order, and those of other keys; all are done when it returns', async () => {
    const { send, acks, calls } = watched(undefined, { keyOf: twoKeys })
    send([0, 1, 2, 3, 4, 5])
    await settled()
    expect(calls).toEqual([[0, 1, 2, 3, 4, 5]])
    expect(acks).toEqual([0, 1, 2, 3, 4, 5].map((ticket) => [ticket, done]))
  })

  test('has at most maxSize, and as many keys as there are before any has a second', async () => {
    const { send, calls } = watched(undefined, {
      keyOf: (offset) => (offset < 4 ? 'hot' : `k${offset}`),
      batch: { maxSize: 3 },
    })
    send([0, 1, 2, 3, 4, 5])
    await settled()
    expect(calls).toEqual([
      [0, 4, 5],
      [1, 2, 3],
    ])
  })

  test('has them in the order in which they were sent', async () => {
    const { send, calls } = watched(undefined, { keyOf: (offset) => (offset < 2 ? 'a' : 'b') })
    send([0, 1, 2])
    await settled()
    expect(calls).toEqual([[0, 1, 2]])
  })

  test('keeps the next records of its keys waiting until it has ended, and no others', async () => {
    const { send, calls, ends } = slow({ keyOf: twoKeys, concurrency: 2 })
    send([0, 2])
    send([4, 1])
    await settled()
    expect(calls).toEqual([[0, 2], [1]])
    ends[0]!.resolve()
    await settled()
    expect(calls).toEqual([[0, 2], [1], [4]])
  })

  test('takes one lane, whatever its size', async () => {
    const { send, calls, ends, board } = slow({ keyOf: String, concurrency: 1 })
    send([0, 1, 2])
    send([3])
    await settled()
    expect([calls, board.running]).toEqual([[[0, 1, 2]], 3])
    ends[0]!.resolve()
    await settled()
    expect(calls).toEqual([[0, 1, 2], [3]])
  })

  test('is marked on the board record by record, all since its start', async () => {
    const { send, stateOf, ends, board, sequenceOf } = slow({ keyOf: () => 'a' })
    send([0, 1, 2])
    expect([0, 1, 2].map(stateOf)).toEqual(['running', 'running', 'running'])
    expect(board.hasBatches).toBe(true)
    const ran = [0, 1, 2].map((ticket) => board.runningMs(ticket, sequenceOf(ticket)))
    expect(new Set(ran).size).toBeLessThanOrEqual(2)
    ends[0]!.resolve()
    await settled()
    expect([0, 1, 2].map(stateOf)).toEqual(['done', 'done', 'done'])
  })

  test('is marked for the crash journal record by record', async () => {
    const marked: string[] = []
    const marks = {
      name: () => {},
      begin: (ticket: number) => marked.push(`begin ${ticket}`),
      end: (ticket: number) => marked.push(`end ${ticket}`),
      settle: () => {},
    } as unknown as CrashMarks
    const { send, ends } = slow({ keyOf: () => 'a', marks })
    send([0, 1])
    expect(marked).toEqual(['begin 0', 'begin 1'])
    ends[0]!.resolve()
    await settled()
    expect(marked.slice(2)).toEqual(['end 0', 'end 1'])
  })

  test('with ordering none, records of one key are in several batches at once', async () => {
    const { send, calls } = slow({ ordering: 'none', concurrency: 2 })
    send([0])
    send([1])
    expect(calls).toEqual([[0], [1]])
  })
})

describe('a batch that is not full', () => {
  const waiting = { maxSize: 3, maxWaitMs: 60 }

  test('waits maxWaitMs for more, and starts at once when it is full', async () => {
    const { send, calls } = watched(undefined, { keyOf: String, batch: waiting })
    const began = performance.now()
    send([0])
    send([1])
    expect(calls).toEqual([])
    await expect.poll(() => calls, { interval: 5 }).toEqual([[0, 1]])
    expect(performance.now() - began).toBeGreaterThanOrEqual(58)
    send([2])
    send([3, 4])
    expect(calls).toEqual([
      [0, 1],
      [2, 3, 4],
    ])
  })

  test('does not wait again where its time has passed while another ran', async () => {
    const { send, calls, ends } = slow({ keyOf: String, batch: { maxSize: 2, maxWaitMs: 40 } })
    send([0, 1])
    send([2])
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(calls).toEqual([[0, 1]])
    ends[0]!.resolve()
    await settled()
    expect(calls).toEqual([[0, 1], [2]])
  })

  test('does not wait when main has something to say, such as a cut', () => {
    const { send, calls, executor } = watched(undefined, { batch: { maxSize: 3, maxWaitMs: 10_000 } })
    send([0])
    executor.wake()
    expect(calls).toEqual([[0]])
  })

  test("waits all the same when concurrency 'auto' has come to another number", () => {
    const { send, calls, board, executor } = watched(undefined, {
      ...{ concurrency: 'auto', batch: { maxSize: 3, maxWaitMs: 10_000 } },
    })
    send([0])
    board.concurrency = 2
    executor.limitChanged()
    expect(calls).toEqual([])
    executor.wake()
    expect(calls).toEqual([[0]])
  })

  test('nor for company that cannot come: of a record that has to be alone, or behind half of a window', () => {
    const long = { maxSize: 8, maxWaitMs: 10_000 }
    const alone = watched(undefined, { batch: long })
    alone.send([0], { flushAcks: 0 })
    expect(alone.calls).toEqual([[0]])
    const narrow = watched(undefined, { batch: long })
    narrow.send([0, 1, 2], { flushAcks: 2 })
    expect(narrow.calls).toEqual([])
    narrow.send([3], { flushAcks: 2 })
    expect(narrow.calls).toEqual([[0, 1, 2, 3]])
  })
})

test('records behind a key that is not free make no batch full', async () => {
  const { send, calls, ends } = slow({
    ...{ keyOf: (offset) => (offset < 8 ? 'hot' : `k${offset}`), concurrency: 2 },
    ...{ batch: { maxSize: 3, maxWaitMs: 60 } },
  })
  send([0, 1, 2, 3, 4, 5, 6])
  // The hot key fills one batch, and four of it wait behind that.
  expect(calls).toEqual([[0, 1, 2]])
  send([8])
  expect(calls).toHaveLength(1)
  send([9, 10])
  expect(calls).toEqual([
    [0, 1, 2],
    [8, 9, 10],
  ])
  ends[0]!.resolve()
  await settled()
  expect(calls[2]).toEqual([3, 4, 5])
})

test('a thread that is about to end starts no batch', () => {
  const { send, calls, executor } = watched(undefined, { batch: { maxSize: 1 } })
  executor.retire()
  send([0])
  expect(calls).toEqual([])
})
