import { FailureFlag, Outcome } from '@zk/engine'
import { expect, test } from 'vitest'
import { ProcessError } from '../../src/process-error.js'
import { failing, lane, SLOT, settled } from './lane.js'

test.each([1, 4])('a record is tried again in its place, and its key waits, with %i lanes', async (concurrency) => {
  const { handler, seen } = failing({ 0: 2 })
  const keyOf = (offset: number) => (offset < 2 ? 'a' : 'b')
  const { send, acks } = lane(handler, { ordering: 'key', keyOf, concurrency, retry: { attempts: 3 } })
  send([0, 1, 2])
  await expect.poll(() => acks).toHaveLength(3)
  expect(seen).toEqual([
    [0, 1],
    [2, 1],
    [0, 2],
    [0, 3],
    [1, 1],
  ])
  expect(acks.map(([, outcome]) => outcome)).toEqual([Outcome.done, Outcome.done, Outcome.done])
})

test('the last attempt that fails is the failure, with its error; the others are told', async () => {
  const { handler, seen } = failing({ 0: 9 })
  const { send, acks, failures, lines } = lane(handler, { retry: { attempts: 3, backoffMs: 2 } })
  send([0])
  await expect.poll(() => acks).toEqual([[0, Outcome.failed]])
  expect(seen.map(([, attempt]) => attempt)).toEqual([1, 2, 3])
  expect(failures).toMatchObject([{ ticket: 0, error: { message: 'not yet' }, cause: 'error' }])
  expect(lines.map(({ level, fields }) => [level, fields.attempt, fields.attempts, fields.backoffMs])).toEqual([
    ['warn', 1, 3, 2],
    ['warn', 2, 3, 4],
  ])
})

test('attempts that an earlier thread made count', async () => {
  const { handler, seen } = failing({ 0: 9 })
  const { send, acks } = lane(handler, { retry: { attempts: 3 } })
  send([0], { attempt: 3 })
  await expect.poll(() => acks).toEqual([[0, Outcome.failed]])
  expect(seen).toEqual([[0, 3]])
})

test.each([
  ['the error itself', () => new ProcessError('no', { retryable: false })],
  ['a cause of it', () => new Error('wrapped', { cause: new ProcessError('no', { retryable: false }) })],
  [
    'the outermost of two',
    () => new ProcessError('no', { retryable: false, cause: new ProcessError('inner', { retryable: true }) }),
  ],
])('nothing is tried again when %s says that it cannot help', async (_, error) => {
  const { handler, seen } = failing({ 0: 9 }, error)
  const { send, acks } = lane(handler, { retry: { attempts: 3 }, retryable: () => true })
  send([0])
  await settled()
  expect([acks, seen]).toEqual([[[0, Outcome.failed]], [[0, 1]]])
})

test('nor when the processor says so; it is asked while attempts are left', async () => {
  const asked: unknown[] = []
  const retryable = (error: unknown) => {
    asked.push((error as Error).message)
    return asked.length < 2
  }
  const { handler, seen } = failing({ 0: 9 })
  const { send, acks } = lane(handler, { retry: { attempts: 9 }, retryable })
  send([0])
  await expect.poll(() => acks).toEqual([[0, Outcome.failed]])
  expect([asked, seen.length]).toEqual([['not yet', 'not yet'], 2])
})

test('a processor that throws over the question is told of once, and the record is tried again', async () => {
  const retryable = () => {
    throw new Error('cannot say')
  }
  const { handler, seen } = failing({ 0: 9 })
  const { send, acks, lines } = lane(handler, { retry: { attempts: 3 }, retryable })
  send([0])
  await expect.poll(() => acks).toEqual([[0, Outcome.failed]])
  expect(seen).toHaveLength(3)
  expect(lines.filter(({ message }) => message.includes('retryable()'))).toHaveLength(1)
})

test('so is one that answers with a promise, whose rejection does not end the thread', async () => {
  const rejections: unknown[] = []
  const heard = (reason: unknown) => rejections.push(reason)
  process.on('unhandledRejection', heard)
  const retryable = (async () => {
    throw new Error('cannot say')
  }) as unknown as () => boolean
  const { handler, seen } = failing({ 0: 9 })
  const { send, acks, lines } = lane(handler, { retry: { attempts: 3 }, retryable })
  send([0])
  await expect.poll(() => acks).toEqual([[0, Outcome.failed]])
  process.off('unhandledRejection', heard)
  expect([rejections, seen.length]).toEqual([[], 3])
  expect(lines.filter(({ message }) => message.includes('retryable()'))).toHaveLength(1)
})

test('what the error says of dead letter and breaker is in its ack and on the board', async () => {
  const error = new ProcessError('no', { disableDeadLetter: true, disableCircuitBreak: true })
  const { send, acks, board } = lane(failing({ 0: 1 }, () => error).handler)
  send([0])
  await settled()
  const flags = FailureFlag.noDeadLetter + FailureFlag.noCircuitBreak
  expect(acks).toEqual([[0, Outcome.failed + flags]])
  expect(board.flagsOf(0)).toBe(flags)
})

test('while its record waits for another attempt too: it may have been the probe of a circuit', async () => {
  const error = new ProcessError('no', { disableCircuitBreak: true })
  const { send, board, stateOf } = lane(failing({ 0: 1 }, () => error).handler, {
    retry: { attempts: 2, backoffMs: 60_000 },
  })
  send([0])
  await settled()
  expect([stateOf(0), board.attemptOf(0), board.flagsOf(0)]).toEqual(['parked', 2, FailureFlag.noCircuitBreak])
})

test('a thrown thing that nobody can read fails its record and nothing else', async () => {
  const odd = new Proxy({}, { get: () => fail('read'), has: () => fail('asked') })
  const { send, acks } = lane(failing({ 0: 9 }, () => odd).handler, { retry: { attempts: 2 } })
  send([0, 1])
  await expect.poll(() => acks).toHaveLength(2)
  expect(new Map(acks)).toEqual(
    new Map([
      [0, Outcome.failed],
      [1, Outcome.done],
    ]),
  )
})

function fail(what: string): never {
  throw new Error(what)
}

test('a second attempt sees the record as it was read', async () => {
  const values: string[] = []
  const { send, acks } = lane(
    (message) => {
      values.push(String(message.value))
      ;(message.value as Buffer).fill(0)
      if (values.length === 1) throw new Error('once more')
    },
    { retry: { attempts: 2 } },
  )
  send([3])
  await expect.poll(() => acks).toHaveLength(1)
  expect(values).toEqual(['v3', 'v3'])
})

test('a waiting record is parked on the board, with the attempt to come', async () => {
  const { send, stateOf, board } = lane(failing({ 0: 1 }).handler, {
    retry: { attempts: 2, backoffMs: 60_000, maxBackoffMs: 60_000 },
  })
  send([0, 1])
  await settled()
  expect([stateOf(0), stateOf(1)]).toEqual(['parked', 'done'])
  expect(board.attemptOf(0)).toBe(2)
  expect(board.dueInMs(0, 1)).toBeGreaterThan(50_000)
})

test('a thousand retried failures a second write a few lines, and the next one says how many it left out', async () => {
  const times = Object.fromEntries(Array.from({ length: 16 }, (_, offset) => [offset, 5]))
  const { send, acks, lines } = lane(failing(times).handler, { retry: { attempts: 6, backoffMs: 0 } })
  send(Array.from({ length: 16 }, (_, i) => i))
  await expect.poll(() => acks).toHaveLength(16)
  expect(lines.length).toBeLessThanOrEqual(20)
})

// ── partitions that are about to go ──────────────────────────────────────────────────────────────────────────────

const keyOf = (offset: number) => (offset < 3 ? 'a' : 'b')
const long = { attempts: 3, backoffMs: 60_000, maxBackoffMs: 60_000 }

test('a cut hands a parked record back, and all that waits behind it or comes later; other keys end', async () => {
  const { handler, seen } = failing({ 0: 9 })
  const { send, acks, executor, board, stateOf } = lane(handler, {
    ordering: 'key',
    keyOf,
    concurrency: 1,
    retry: long,
  })
  send([0, 1, 4])
  await settled()
  expect(stateOf(0)).toBe('parked')
  board.cut(SLOT, 1, 10)
  executor.wake()
  send([2, 5])
  await settled()
  expect(seen.map(([offset]) => offset)).toEqual([0, 4, 5])
  expect(new Map(acks)).toEqual(
    new Map([
      [0, Outcome.discarded],
      [1, Outcome.discarded],
      [2, Outcome.discarded],
      [4, Outcome.done],
      [5, Outcome.done],
    ]),
  )
  expect([0, 1, 2].map(stateOf)).toEqual(['discarded', 'discarded', 'discarded'])
})

test('a retry that is due before its thread has heard of the cut does not start either', async () => {
  const { handler, seen } = failing({ 0: 1 })
  const { send, acks, board } = lane(handler, { ordering: 'key', keyOf, retry: { attempts: 2, backoffMs: 5 } })
  send([0, 1])
  board.cut(SLOT, 1, 10)
  await expect.poll(() => acks).toHaveLength(2)
  expect([seen, new Set(acks.map(([, outcome]) => outcome))]).toEqual([[[0, 1]], new Set([Outcome.discarded])])
})

test('so does a failure behind the cut that would be tried again; one that would not has failed', async () => {
  const rejects: ((error: Error) => void)[] = []
  const { send, acks, board } = lane(() => new Promise((_, reject) => rejects.push(reject)), {
    ...{ ordering: 'key', keyOf, concurrency: 2, retry: long },
  })
  send([0, 1, 3])
  board.cut(SLOT, 1, 10)
  rejects[0]!(new Error('later'))
  rejects[1]!(new ProcessError('never', { retryable: false }))
  await expect.poll(() => acks).toHaveLength(3)
  expect(new Map(acks)).toEqual(
    new Map([
      [0, Outcome.discarded],
      [1, Outcome.discarded],
      [3, Outcome.failed],
    ]),
  )
})

test('a record that is due and has no lane yet is handed back at once', async () => {
  let ended: () => void = () => {}
  const { handler } = failing({ 0: 9 })
  const { send, acks, executor, board, endOf } = lane(
    (message, ctx) =>
      message.offset === 3 ? new Promise<void>((resolve) => (ended = resolve)) : handler(message, ctx),
    { ordering: 'key', keyOf, concurrency: 1, retry: { attempts: 3, backoffMs: 1 } },
  )
  send([0, 3])
  // Its time has come, and the only lane is taken.
  await settled()
  board.cut(SLOT, 1, 10)
  executor.wake()
  expect(endOf(0)).toBe(Outcome.discarded)
  ended()
  await expect.poll(() => acks).toHaveLength(2)
})

test('the next assignment of the partition starts anew, also the keys that were handed back', async () => {
  const { handler, seen } = failing({ 0: 1 })
  const { send, executor, board, endOf } = lane(handler, { ordering: 'key', keyOf, retry: long })
  send([0])
  send([1], { epoch: 2 })
  board.cut(SLOT, 1, -1)
  executor.wake()
  await settled()
  expect([endOf(0), endOf(1)]).toEqual([Outcome.discarded, Outcome.done])
  send([2], { epoch: 2 })
  await settled()
  expect(seen.map(([offset]) => offset)).toEqual([0, 1, 2])
})

test('a record without a key is handed back alone', async () => {
  const { send, acks, executor, board, endOf } = lane(failing({ 0: 9 }).handler, {
    ...{ ordering: 'key', keyOf: () => null, retry: long },
  })
  send([0, 1])
  await settled()
  board.cut(SLOT, 1, 10)
  executor.wake()
  send([2])
  await expect.poll(() => acks).toHaveLength(3)
  expect([0, 1, 2].map(endOf)).toEqual([Outcome.discarded, Outcome.done, Outcome.done])
})

test('with stopOnFailure a failure for good hands back what waits for another attempt', async () => {
  const { send, acks, endOf } = lane(failing({ 0: 9, 3: 9 }, () => new Error('bad')).handler, {
    ...{ ordering: 'key', keyOf, concurrency: 1, retry: long, stopOnFailure: true },
    retryable: (error) => (error as Error).message !== 'bad' || acks.length < 0,
  })
  send([3])
  await settled()
  expect(endOf(3)).toBe(Outcome.failed)
  const other = lane(failing({ 0: 9, 3: 9 }).handler, {
    ...{ ordering: 'key', keyOf, concurrency: 1, retry: long, stopOnFailure: true },
    retryable: () => other.stateOf(0) !== 'parked',
  })
  other.send([0, 1, 3])
  await expect.poll(() => other.acks).toHaveLength(3)
  expect([0, 1, 3].map(other.endOf)).toEqual([Outcome.discarded, Outcome.discarded, Outcome.failed])
})

test('a handler that was told to give up is not tried again', async () => {
  const seen: number[] = []
  const { send, acks, executor } = lane(
    (_, ctx) => {
      seen.push(ctx.attempt)
      return new Promise((_resolve, reject) => ctx.signal.addEventListener('abort', () => reject(ctx.signal.reason)))
    },
    { retry: { attempts: 3 } },
  )
  send([0])
  executor.abort([SLOT], 'shutdown')
  await settled()
  expect([seen, acks]).toEqual([[1], [[0, Outcome.discarded]]])
})

test('a thread that is about to end starts and tries nothing, and leaves what failed to the next one', async () => {
  const rejects: ((error: Error) => void)[] = []
  const { send, acks, executor, stateOf, board } = lane(() => new Promise((_, reject) => rejects.push(reject)), {
    retry: { attempts: 3, backoffMs: 0 },
  })
  send([0])
  executor.retire()
  send([1])
  rejects[0]!(new Error('later'))
  await settled()
  expect([acks, stateOf(0), board.attemptOf(0), stateOf(1)]).toEqual([[], 'parked', 2, 'queued'])
})
