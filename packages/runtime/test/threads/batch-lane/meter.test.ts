/** How the time that a batch takes is counted, for each record and for the number of batches. */
import { describe, expect, test } from 'vitest'
import { ProcessError } from '../../../src/process-error.js'
import type { CrashMarks } from '../../../src/threads/crash-journal.js'
import { settled } from '../lane.js'
import { slow, watched } from './watched.js'

test('each record counts with its share of the time', async () => {
  const { send, ends, micros } = slow({ keyOf: String })
  send([0, 1, 2, 3])
  await new Promise((resolve) => setTimeout(resolve, 40))
  ends[0]!.resolve()
  await settled()
  expect(Math.min(...micros)).toBeGreaterThan(9_000)
  expect(Math.max(...micros)).toBeLessThan(30_000)
})

test('and not with the time that it takes to end those before it', async () => {
  const end = () => {
    for (const until = performance.now() + 10; performance.now() < until; );
  }
  const marks = { name: () => {}, begin: () => {}, end, settle: () => {} } as unknown as CrashMarks
  const { send, micros } = watched(undefined, { keyOf: String, marks })
  send([0, 1, 2, 3])
  await settled()
  expect(micros).toHaveLength(4)
  expect(Math.max(...micros)).toBeLessThan(10_000)
})

describe("with concurrency 'auto'", () => {
  test('as many batches run as the board says, and each counts once, as failed where it threw', async () => {
    const { send, executor, board, calls, ends } = slow({
      ...{ concurrency: 'auto', batch: { maxSize: 2 }, keyOf: (offset) => `k${offset}` },
    })
    board.concurrency = 1
    send([0, 1, 2, 3, 4, 5, 6, 7])
    expect(calls).toEqual([[0, 1]])
    board.concurrency = 2
    executor.limitChanged()
    expect(calls).toEqual([
      [0, 1],
      [2, 3],
    ])
    ends[0]!.resolve()
    await settled()
    ends[1]!.reject(new ProcessError('no', { retryable: false }))
    await settled()
    const { spentMs, ...totals } = board.laneTotals
    expect(totals).toEqual({ ended: 2, succeeded: 1, followed: 2 })
    expect(spentMs).toBeGreaterThan(5)
    expect(calls).toHaveLength(4)
  })
})
