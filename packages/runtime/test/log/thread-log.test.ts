import { Writable } from 'node:stream'
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { errors } from '../../src/errors.js'
import { createThreadLog, type LogBatch, type ThreadLogOptions } from '../../src/log/thread-log.js'
import { writeLogBatch } from '../../src/log/write-log-batch.js'

beforeEach(() => {
  vi.useFakeTimers({ now: 1_000_000 })
})
afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

function threadLog(options: Partial<ThreadLogOptions> = {}) {
  const batches: LogBatch[] = []
  const log = createThreadLog({ thread: 3, post: (batch) => batches.push(structuredClone(batch)), ...options })
  return { ...log, batches, lines: () => batches.flatMap(({ lines }) => lines) }
}

/** What pino writes for a batch. */
function written(batch: LogBatch): Record<string, unknown>[] {
  return writtenText(batch).map((line) => JSON.parse(line))
}

function writtenText(batch: LogBatch): string[] {
  const lines: string[] = []
  const output = new Writable({
    write: (chunk, _encoding, done) => {
      lines.push(String(chunk))
      done()
    },
  })
  writeLogBatch(pino({ name: 'zk', level: 'trace' }, output), batch)
  return lines
}

describe('the thread side', () => {
  test('a line is posted at once, with its time, fields and record', () => {
    const { logger, batches } = threadLog()
    logger().info('one')
    vi.advanceTimersByTime(30)
    logger({ topic: 't', partition: 1, offset: 2 }).warn({ a: 1 }, 'two')
    const second = { level: 'warn', time: 1_000_030, message: 'two', fields: { a: 1 } }
    expect(batches).toEqual([
      { thread: 3, dropped: 0, lines: [{ level: 'info', time: 1_000_000, message: 'one' }] },
      { thread: 3, dropped: 0, lines: [{ ...second, record: { topic: 't', partition: 1, offset: 2 } }] },
    ])
    vi.advanceTimersByTime(1000)
    expect(batches).toHaveLength(2)
  })

  test('after 16 lines in 50 ms the rest is posted together, when those have passed', () => {
    const { logger, batches, lines } = threadLog()
    for (let i = 0; i < 40; i++) logger().info(`line ${i}`)
    expect(batches).toHaveLength(16)
    vi.advanceTimersByTime(50)
    expect(batches).toHaveLength(17)
    expect(lines().map(({ message }) => message)).toEqual(Array.from({ length: 40 }, (_, i) => `line ${i}`))
  })

  test('a handler that never returns to the event loop is heard at each 256th line', () => {
    const { logger, batches } = threadLog()
    const log = logger()
    for (let i = 0; i < 16 + 513; i++) log.info(`line ${i}`)
    expect(batches.slice(16).map(({ lines }) => lines.length)).toEqual([256, 256])
  })

  test('and at its next line after 50 ms, with all before', () => {
    const { logger, batches } = threadLog()
    for (let i = 0; i < 20; i++) logger().info('quick')
    // No timer fires: the event loop does not turn.
    vi.setSystemTime(1_000_100)
    vi.spyOn(performance, 'now').mockReturnValue(performance.now() + 100)
    logger().info('slow')
    expect(batches.at(-1)!.lines.map(({ message }) => message)).toEqual([...Array(4).fill('quick'), 'slow'])
  })

  test('past 5,000 lines a second the rest is counted, reported, and nothing else is kept of it', () => {
    const { logger, batches, lines } = threadLog()
    const log = logger()
    for (let i = 0; i < 100_000; i++) log.info('again')
    vi.advanceTimersByTime(50)
    expect(lines()).toHaveLength(5000)
    expect(batches.reduce((sum, { dropped }) => sum + dropped, 0)).toBe(95_000)
    vi.advanceTimersByTime(1000)
    log.info('later')
    vi.advanceTimersByTime(50)
    expect(batches.at(-1)).toMatchObject({ lines: [{ message: 'later' }], dropped: 0 })
  })

  test('dropped lines are reported even when no line follows', () => {
    const { logger, batches, flush } = threadLog()
    for (let i = 0; i < 5000; i++) logger().info('x')
    flush()
    const before = batches.length
    logger().info('too many')
    vi.advanceTimersByTime(50)
    expect(batches.slice(before)).toEqual([{ thread: 3, lines: [], dropped: 1 }])
  })

  test('few but huge lines are bounded too: each line, and all of a second', () => {
    const { logger, lines } = threadLog()
    const huge = { text: 'x'.repeat(1_000_000), list: Array.from({ length: 100_000 }, () => 'y'.repeat(1000)) }
    for (let i = 0; i < 1000; i++) logger().info(huge, 'z'.repeat(1_000_000))
    vi.advanceTimersByTime(50)
    const sizes = lines().map((line) => JSON.stringify(line).length)
    expect(Math.max(...sizes)).toBeLessThan(20_000)
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(6_000_000)
  })

  test('flush posts what waits and leaves no timer behind', () => {
    const { logger, flush, batches } = threadLog()
    for (let i = 0; i < 17; i++) logger().info('last words')
    expect(batches).toHaveLength(16)
    flush()
    expect(batches).toHaveLength(17)
    expect(vi.getTimerCount()).toBe(0)
    flush()
    expect(batches).toHaveLength(17)
  })

  test('whatever is logged neither throws nor fails to be cloned', () => {
    const { logger, flush, lines } = threadLog()
    const log = logger() as unknown as Record<'info', (...args: unknown[]) => void>
    const hostile = new Proxy(
      {},
      {
        getPrototypeOf: () => {
          throw new Error('no')
        },
      },
    )
    const values = [
      undefined,
      null,
      7,
      Symbol('s'),
      () => 1,
      hostile,
      { fn: () => 1, map: new Map(), at: new Date(0) },
      Object.create(null),
    ]
    for (const value of values) {
      log.info(value)
      log.info({}, value)
    }
    flush()
    expect(lines()).toHaveLength(values.length * 2)
    expect(lines()).toContainEqual(expect.objectContaining({ fields: { at: '1970-01-01T00:00:00.000Z' } }))
  })
})

describe('the main side', () => {
  test('a line arrives with its fields, its record, its thread and the time it was logged', () => {
    const { logger, flush, batches } = threadLog()
    logger({ topic: 'orders', partition: 4, offset: 17 }).error(
      { orderId: 'a', thread: 'forged', topic: 'forged' },
      'no stock',
    )
    flush()
    expect(written(batches[0]!)).toEqual([
      expect.objectContaining({
        level: 50,
        msg: 'no stock',
        orderId: 'a',
        topic: 'orders',
        partition: 4,
        offset: 17,
        thread: 3,
        loggedAt: 1_000_000,
      }),
    ])
  })

  test('fields with the names of what pino writes itself cannot replace it, and are kept beside it', () => {
    const { logger, flush, batches } = threadLog()
    const forged = { level: 99, time: 'never', pid: 1, hostname: 'h', name: 'evil', msg: 'evil' }
    logger().info(forged, 'said')
    logger().info({ msg: 'a message of its own' })
    flush()
    const [line, alone] = batches.flatMap(written)
    expect(line).toMatchObject({ level: 30, time: 1_000_000, pid: process.pid, name: 'zk', msg: 'said' })
    expect(line).toMatchObject({ level_: 99, time_: 'never', pid_: 1, hostname_: 'h', name_: 'evil', msg_: 'evil' })
    const keys = [...writtenText(batches[0]!)[0]!.matchAll(/"(\w+)":/g)].map(([, key]) => key)
    expect(keys).toEqual([...new Set(keys)])
    expect(alone).toMatchObject({ msg: 'a message of its own' })
  })

  test('errors arrive as errors: alone or as a field, with code, stack and cause', () => {
    const { logger, flush, batches } = threadLog()
    const error = errors.ZK_PROCESSOR_SETUP_FAILED(1, 'no database', { cause: new Error('ECONNREFUSED') })
    logger().error(error)
    logger().error({ err: error, step: 'connect' }, 'set-up')
    flush()
    const [alone, field] = batches.flatMap(written)
    expect(alone).toMatchObject({ msg: error.message, err: { type: 'ZkError', code: 'ZK_PROCESSOR_SETUP_FAILED' } })
    expect(field).toMatchObject({
      msg: 'set-up',
      step: 'connect',
      err: { stack: expect.stringContaining('ECONNREFUSED') },
    })
  })

  test('dropped lines become one warning with their number', () => {
    expect(written({ thread: 3, lines: [], dropped: 12 })).toEqual([
      expect.objectContaining({ level: 40, thread: 3, dropped: 12 }),
    ])
  })
})
