import { FailureFlag, Outcome } from '@zk/engine'
import { describe, expect, test } from 'vitest'
import { ProcessError } from '../../src/process-error.js'
import type { BatchContext, Message } from '../../src/processor-types.js'
import type { CrashMarks } from '../../src/threads/crash-journal.js'
import { type BatchHandler, batchLane, type LaneOptions, SLOT, settled } from './lane.js'

const { done, failed, discarded } = Outcome
const offsetsOf = (messages: readonly Message<unknown>[]) => messages.map(({ offset }) => offset)
/** Offsets 0, 2, 4 … are of one key, 1, 3, 5 … of the other. */
const twoKeys = (offset: number) => (offset % 2 === 0 ? 'a' : 'b')

/** A lane that keeps what each call got, and a handler that ends when it is told to. */
function watched(handler: BatchHandler = () => undefined, options: LaneOptions = {}) {
  const calls: number[][] = []
  const whole = batchLane((messages, ctx) => {
    calls.push(offsetsOf(messages))
    return handler(messages, ctx)
  }, options)
  return { ...whole, calls }
}

/** Handlers that wait for their word. */
function slow(options: LaneOptions = {}) {
  const ends: {
    resolve: () => void
    reject: (error: Error) => void
    ctx: BatchContext
    messages: readonly Message<unknown>[]
  }[] = []
  const whole = watched(
    (messages, ctx) => new Promise<void>((resolve, reject) => ends.push({ resolve, reject, ctx, messages })),
    options,
  )
  return { ...whole, ends }
}

const outcomes = (acks: readonly [number, number][]) => Object.fromEntries(acks)

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

describe('a circuit', () => {
  test('that is open lets no batch start, and its probe is a batch of one', async () => {
    const { send, calls, executor, board, stateOf } = watched(undefined, { keyOf: String })
    board.holdStarts('work', true)
    send([0, 1, 2])
    expect([calls, stateOf(0)]).toEqual([[], 'queued'])
    board.permitStart('work')
    executor.wake()
    expect(calls).toEqual([[0]])
    await settled()
    expect(calls).toEqual([[0]])
    board.holdStarts('work', false)
    executor.wake()
    expect(calls).toEqual([[0], [1, 2]])
  })

  test('of one partition lets the others go on, without a probe among them', async () => {
    const { send, calls, board } = slow({ keyOf: String, circuitPerPartition: true })
    board.holdStarts(SLOT, true)
    send([0, 1])
    send([2, 3], { slot: SLOT + 1 })
    expect(calls).toEqual([[2, 3]])

    const other = slow({ keyOf: String, circuitPerPartition: true })
    other.send([2], { slot: SLOT + 1 })
    other.board.holdStarts(SLOT, true)
    other.board.permitStart(SLOT)
    other.send([3], { slot: SLOT + 1 })
    other.send([0, 1])
    other.ends[0]!.resolve()
    await settled()
    expect(other.calls).toEqual([[2], [3]])
    other.ends[1]!.resolve()
    await settled()
    expect(other.calls).toEqual([[2], [3], [0]])
  })
})

describe('what a batch sends', () => {
  const refused = { type: 'failed', code: 3, message: 'no' } as const

  test('holds all of its records until it is acknowledged', async () => {
    const { send, acks, posts, answer } = watched((_, ctx) => void ctx.send('out', { value: 'x' }), { keyOf: String })
    send([0, 1])
    await settled()
    expect([acks, posts.flat()]).toMatchObject([[], [{ ticket: 0 }]])
    answer({ id: 0 })
    expect(outcomes(acks)).toEqual({ 0: done, 1: done })
  })

  test('for one message fails that one where it is refused', async () => {
    const { send, acks, answer, posts, failures } = watched(
      (messages, ctx) => void ctx.of(messages[1]!).send('out', { value: 'x' }),
      { keyOf: String },
    )
    send([0, 1])
    await settled()
    expect(posts.flat()).toMatchObject([{ ticket: 1 }])
    answer({ id: 0, error: refused })
    expect(outcomes(acks)).toEqual({ 0: done, 1: failed })
    expect(failures[0]!.error).toMatchObject({ code: 'ZK_SEND_FAILED' })
  })

  test('for all is a failure of the batch where it is refused', async () => {
    const { send, acks, answer, calls } = watched(
      (messages, ctx) => {
        if (messages.length > 1) void ctx.send('out', { value: 'x' })
      },
      { keyOf: String },
    )
    send([0, 1])
    await settled()
    answer({ id: 0, error: refused })
    expect(acks).toEqual([])
    await expect.poll(() => calls).toEqual([[0, 1], [0], [1]])
  })
})

test('hooks and spans are around each record, and hear how its handler ended', async () => {
  const heard: string[] = []
  const around = (name: string) => (message: { offset: number }) => {
    heard.push(`${name}+${message.offset}`)
    return (fault: unknown) => void heard.push(`${name}-${message.offset} ${fault === undefined}`)
  }
  const { send } = watched((messages, ctx) => ctx.fail(messages[1]!, new Error('bad')), {
    ...{ keyOf: String, batch: { around: [around('span'), around('hook')] } },
  })
  send([0, 1])
  await settled()
  expect(heard).toEqual([
    ...['span+0', 'hook+0', 'span+1', 'hook+1'],
    ...['hook-0 true', 'span-0 true', 'hook-1 false', 'span-1 false'],
  ])
})

test('a thread that is about to end starts no batch', () => {
  const { send, calls, executor } = watched(undefined, { batch: { maxSize: 1 } })
  executor.retire()
  send([0])
  expect(calls).toEqual([])
})

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
    executor.wake()
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
