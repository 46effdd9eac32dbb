import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { errors } from '../../src/errors.js'
import type { SentRecord } from '../../src/processor-types.js'
import { OutstandingWrites, type Write } from '../../src/writer/outstanding-writes.js'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const SENT: SentRecord = { partition: 0, offset: 0 }

function open(limits: { records?: number; bytes?: number } = {}) {
  const outstanding = new OutstandingWrites({
    ...{ topic: 'orders', records: 4, bytes: 1_000, timeoutMs: 5_000 },
    ...limits,
    timedOut: ({ isHanded }) =>
      errors.ZK_WRITE_FAILED('orders', 'late', -192, { retryable: true, mayBeWritten: isHanded }),
  })
  const answers: unknown[] = []
  const begin = (bytes = 10): Write => {
    outstanding.checkRoom()
    const write = outstanding.begin(
      (sent) => answers.push(sent),
      (error) => answers.push(error),
    )
    outstanding.weigh(write, bytes)
    return write
  }
  return { outstanding, answers, begin }
}

test('a write is answered once, whatever comes later', () => {
  const { outstanding, answers, begin } = open()
  const write = begin()
  outstanding.succeeded(write, SENT)
  outstanding.failed(write, new Error('late'))
  outstanding.succeeded(write, SENT)
  expect(answers).toEqual([SENT])
  expect(outstanding.count).toBe(0)
})

test('beyond the limit of records or of bytes there is no room, until some are answered', () => {
  const { outstanding, begin } = open()
  const writes = [begin(), begin(), begin(), begin()]
  expect(() => begin()).toThrow('4 records of the writer (40 bytes)')
  outstanding.succeeded(writes[0]!, SENT)
  const large = begin(2_000)
  outstanding.succeeded(writes[1]!, SENT)
  expect(() => begin()).toThrow(expect.objectContaining({ code: 'ZK_WRITE_OVERFLOW', retryable: true }))
  outstanding.succeeded(large, SENT)
  begin()
})

test('ready waits while half of the limit is outstanding', async () => {
  const { outstanding, begin } = open()
  const writes = [begin(), begin(), begin()]
  let isReady = false
  void outstanding.ready.then(() => {
    isReady = true
  })
  await Promise.resolve()
  expect(isReady).toBe(false)
  outstanding.succeeded(writes[0]!, SENT)
  await outstanding.ready
  await Promise.resolve()
  expect(isReady).toBe(true)
})

test('a flush waits for what was written before it, and for nothing that is written later', async () => {
  const { outstanding, begin } = open()
  const first = begin()
  let isFlushed = false
  const flushed = outstanding.flush(60_000).then((answered) => {
    isFlushed = true
    return answered
  })
  outstanding.succeeded(begin(), SENT)
  await Promise.resolve()
  expect(isFlushed).toBe(false)
  begin()
  outstanding.succeeded(first, SENT)
  expect(await flushed).toBe(true)
  expect(outstanding.count).toBe(1)
})

test('a flush that takes too long says so', async () => {
  const { outstanding, begin } = open()
  begin()
  const flushed = outstanding.flush(100)
  vi.advanceTimersByTime(100)
  expect(await flushed).toBe(false)
})

test('a write that nobody answers fails by itself, and says whether it may be written', () => {
  const { outstanding, answers, begin } = open()
  begin()
  begin().isHanded = true
  vi.advanceTimersByTime(4_900)
  expect(answers).toEqual([])
  vi.advanceTimersByTime(1_100)
  expect(answers).toMatchObject([
    { code: 'ZK_WRITE_FAILED', details: { mayBeWritten: false } },
    { code: 'ZK_WRITE_FAILED', details: { mayBeWritten: true } },
  ])
  expect(outstanding.count).toBe(0)
})

test('nothing that is outstanding leaves no timer behind', () => {
  const { outstanding, begin } = open()
  const writes = [begin(), begin()]
  expect(vi.getTimerCount()).toBe(1)
  for (const write of writes) outstanding.succeeded(write, SENT)
  expect(vi.getTimerCount()).toBe(0)
})
