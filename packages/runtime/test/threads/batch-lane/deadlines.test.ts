/** A batch has one deadline, which is that of all of its records. */
import { describe, expect, test } from 'vitest'
import { slow } from './watched.js'

describe('the deadline', () => {
  test('is the batch’s, and a batch that gave up for it is tried one by one', async () => {
    const { send, executor, ends, calls, sequenceOf, failures, heard } = slow({ keyOf: String, processTimeoutMs: 20 })
    send([0, 1])
    const { ctx, messages } = ends[0]!
    expect(Math.abs(ctx.deadline! - ctx.of(messages[1]!).deadline!)).toBeLessThanOrEqual(1)
    await new Promise((resolve) => setTimeout(resolve, 30))
    executor.timeout(0, sequenceOf(0))
    executor.timeout(1, sequenceOf(1))
    expect(heard).toHaveLength(2)
    expect(ctx.signal.reason).toMatchObject({ reason: 'timeout' })
    ends[0]!.reject(ctx.signal.reason)
    await expect.poll(() => calls).toEqual([[0, 1], [0]])
    await new Promise((resolve) => setTimeout(resolve, 30))
    executor.timeout(0, sequenceOf(0))
    ends[1]!.reject(ends[1]!.ctx.signal.reason)
    await expect.poll(() => failures).toMatchObject([{ ticket: 0, cause: 'timeout' }])
  })

  test('that has passed is not the cause of what was named by itself', async () => {
    const { send, executor, ends, sequenceOf, failures } = slow({ keyOf: String, processTimeoutMs: 20 })
    send([0, 1])
    ends[0]!.ctx.fail(ends[0]!.messages[0]!, new Error('bad row'))
    await new Promise((resolve) => setTimeout(resolve, 30))
    executor.timeout(0, sequenceOf(0))
    ends[0]!.resolve()
    await expect.poll(() => failures).toMatchObject([{ ticket: 0, cause: 'error', error: { message: 'bad row' } }])
  })

  test('moves for all of its records, whoever moves it', () => {
    const { send, ends, board } = slow({ keyOf: String, processTimeoutMs: 1_000 })
    send([0, 1])
    const { ctx, messages } = ends[0]!
    expect(ctx.extendDeadline(500)).toBe(true)
    expect(ctx.of(messages[1]!).extendDeadline(250)).toBe(true)
    expect([0, 1].map((ticket) => board.extensionMs(ticket))).toEqual([750, 750])
  })
})
