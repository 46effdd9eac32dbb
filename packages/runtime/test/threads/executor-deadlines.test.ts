import { Outcome } from '@zk/engine'
import { expect, test } from 'vitest'
import type { ProcessContext } from '../../src/processor-types.js'
import { lane, SLOT, settled } from './lane.js'

/** Waits for its signal, then throws its reason. */
const giveUp = (_: unknown, ctx: ProcessContext) =>
  new Promise<void>((_resolve, reject) => ctx.signal.addEventListener('abort', () => reject(ctx.signal.reason)))

test('at the deadline the signal aborts with a typed reason, and giving up is a failure of that cause', async () => {
  const { send, executor, heard, sequenceOf, failures, acks } = lane(giveUp, { processTimeoutMs: 1 })
  send([2])
  await settled()
  executor.timeout(2, sequenceOf(2))
  expect(heard).toEqual([[2, sequenceOf(2)]])
  await expect.poll(() => acks).toEqual([[2, Outcome.failed]])
  expect(failures).toMatchObject([{ cause: 'timeout', error: { name: 'AbortError', reason: 'timeout' } }])
})

test('it is tried again as any other', async () => {
  const attempts: number[] = []
  const { send, executor, sequenceOf, acks } = lane(
    (message, ctx) => {
      attempts.push(ctx.attempt)
      return ctx.attempt === 1 ? giveUp(message, ctx) : undefined
    },
    { processTimeoutMs: 1, retry: { attempts: 2 } },
  )
  send([2])
  await settled()
  executor.timeout(2, sequenceOf(2))
  await expect.poll(() => acks).toEqual([[2, Outcome.done]])
  expect(attempts).toEqual([1, 2])
})

test('one that finishes all the same is done', async () => {
  const { send, executor, sequenceOf, acks } = lane(
    (_, ctx) => new Promise<void>((resolve) => ctx.signal.addEventListener('abort', () => resolve())),
    { processTimeoutMs: 1 },
  )
  send([2])
  await settled()
  executor.timeout(2, sequenceOf(2))
  await expect.poll(() => acks).toEqual([[2, Outcome.done]])
})

test('a late word of an attempt before, or of a deadline that has moved, aborts nothing and is answered', async () => {
  const contexts: ProcessContext[] = []
  const { send, executor, heard, sequenceOf } = lane(
    (_, ctx) => {
      contexts.push(ctx)
      return new Promise(() => {})
    },
    { processTimeoutMs: 20 },
  )
  send([2])
  contexts[0]!.extendDeadline(60_000)
  await new Promise((resolve) => setTimeout(resolve, 30))
  executor.timeout(2, sequenceOf(2))
  executor.timeout(2, sequenceOf(2) - 1)
  executor.timeout(3, 99)
  expect(contexts[0]!.signal.aborted).toBe(false)
  expect(heard).toHaveLength(3)
})

test('when the result is not wanted either, giving up is no failure', async () => {
  const { send, executor, sequenceOf, acks } = lane(
    (_, ctx) =>
      new Promise<void>((_resolve, reject) => {
        ctx.signal.addEventListener('abort', () => setTimeout(() => reject(ctx.signal.reason), 5))
      }),
    { processTimeoutMs: 1 },
  )
  send([2])
  await settled()
  executor.timeout(2, sequenceOf(2))
  executor.abort([SLOT], 'shutdown')
  await expect.poll(() => acks).toEqual([[2, Outcome.discarded]])
})

test('a handler knows its deadline, and moves it until it has passed', async () => {
  let ctx!: ProcessContext
  let resolve: () => void = () => {}
  const before = Date.now()
  const { send, board, acks } = lane(
    (_, context) => {
      ctx = context
      return new Promise<void>((done) => (resolve = done))
    },
    { processTimeoutMs: 1_000 },
  )
  send([2])
  const deadline = ctx.deadline!
  expect(deadline - before).toBeGreaterThanOrEqual(999)
  expect(deadline - before).toBeLessThan(1_100)
  expect(ctx.extendDeadline(500.4)).toBe(true)
  expect(ctx.extendDeadline(100)).toBe(true)
  expect([board.extensionMs(2), ctx.deadline! - deadline]).toEqual([600, 600])
  for (const nonsense of [-1, Number.NaN, '5', undefined]) {
    expect(() => ctx.extendDeadline(nonsense as number)).toThrow(RangeError)
  }
  resolve()
  await expect.poll(() => acks).toHaveLength(1)
  expect(ctx.extendDeadline(100)).toBe(false)
  // Its ticket may be another record's by now.
  expect(board.extensionMs(2)).toBe(600)
})

test('a deadline that has passed is not moved, and one that does not exist neither', async () => {
  let ctx!: ProcessContext
  const keep = (_: unknown, context: ProcessContext) => {
    ctx = context
    return new Promise(() => {})
  }
  lane(keep, { processTimeoutMs: 1 }).send([2])
  await settled()
  expect(ctx.extendDeadline(60_000)).toBe(false)
  lane(keep, { processTimeoutMs: 0 }).send([2])
  expect([ctx.deadline, ctx.extendDeadline(1)]).toEqual([undefined, false])
})

test('the board names what is on the stack, and nothing behind an await', async () => {
  const seen: number[] = []
  const { send, board } = lane(async () => {
    seen.push(board.current)
    await settled()
    seen.push(board.current)
  })
  send([7])
  expect(board.current).toBe(-1)
  await expect.poll(() => seen).toEqual([7, -1])
  const thrown = lane(() => {
    throw new Error('bad')
  })
  thrown.send([3])
  expect(thrown.board.current).toBe(-1)
})

test('handlers that return nothing do not keep those that wait from going on', async () => {
  const order: string[] = []
  const { send } = lane((message) => {
    if (message.offset === 0) {
      return new Promise<void>((resolve) => setImmediate(resolve)).then(() => void order.push('waited'))
    }
    for (const until = performance.now() + 15; performance.now() < until; );
    order.push('computed')
    return undefined
  })
  send(Array.from({ length: 16 }, (_, i) => i))
  await expect.poll(() => order).toHaveLength(16)
  expect(order.indexOf('waited')).toBeLessThan(5)
})

test('what a thread holds outside of its heap is told, and garbage is collected before it counts as too much', async () => {
  const MiB = 1024 * 1024
  const held: Buffer[] = []
  const { send, board } = lane(
    (message) => {
      const buffer = Buffer.alloc(32 * MiB)
      if (message.offset > 3) held.push(buffer)
    },
    { maxExternalMb: 60, concurrency: 1 },
  )
  send([0, 1, 2, 3])
  await new Promise((resolve) => setTimeout(resolve, 110))
  send([0])
  expect(board.externalBytes).toBeLessThan(60 * MiB)
  // A collection a second.
  await new Promise((resolve) => setTimeout(resolve, 1_010))
  send([4, 5, 6])
  expect(board.externalBytes).toBeGreaterThan(60 * MiB)
  expect(held).toHaveLength(3)
})
