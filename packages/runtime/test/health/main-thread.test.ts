import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { MainThread } from '../../src/health/main-thread.js'
import type { Logger } from '../../src/log/logger.js'

beforeEach(() => void vi.useFakeTimers({ toFake: ['performance', 'hrtime', 'Date'] }))
afterEach(() => void vi.useRealTimers())

function recording() {
  const calls: unknown[][] = []
  const log = (...args: unknown[]) => void calls.push(args)
  const logger = { trace: log, debug: log, info: log, warn: log, error: log, fatal: log } as Logger
  return { calls, logger, main: new MainThread(logger) }
}

const takes = (ms: number) => () => vi.advanceTimersByTime(ms)

test('a call of a second or more is named and logged, a shorter one is not', () => {
  const { main, calls } = recording()
  main.timed('onEvent (assigned)', takes(999))
  expect(main.blocks).toEqual([])
  main.timed('onEvent (committed)', takes(1_000))
  expect(main.blocks).toEqual([{ by: 'onEvent (committed)', ms: 1_000, at: new Date().toISOString() }])
  expect(calls).toEqual([
    [{ by: 'onEvent (committed)', ms: 1_000 }, expect.stringMatching(/^onEvent \(committed\) held up the main thread/)],
  ])
})

test('one that throws is named too, and throws', () => {
  const { main } = recording()
  const call = () => {
    takes(1_500)()
    throw new Error('the listener’s')
  }
  expect(() => main.timed('onEvent (lost)', call)).toThrow('the listener’s')
  expect(main.blocks).toMatchObject([{ by: 'onEvent (lost)', ms: 1_500 }])
})

test('the same culprit is logged once a minute, and counted each time', () => {
  const { main, calls } = recording()
  for (let i = 0; i < 20; i++) main.timed('logger.info', takes(2_000))
  expect(calls).toHaveLength(1)
  expect(main.blocks).toHaveLength(10)
  expect(main.blockedTimes()).toEqual([['logger.info', 20]])
  takes(60_000)()
  main.timed('logger.info', takes(2_000))
  expect(calls).toHaveLength(2)
})

test('a watched logger is the logger, with its calls timed', () => {
  const { main, logger, calls } = recording()
  const watched = main.watched(logger)
  watched.info('a text')
  watched.error({ a: 1 }, 'with fields')
  expect(calls).toEqual([['a text'], [{ a: 1 }, 'with fields']])
  const slow = main.watched({ ...logger, debug: takes(3_000) as never })
  slow.debug('x')
  expect(main.blocks).toMatchObject([{ by: 'logger.debug', ms: 3_000 }])
})

test('the longest stop of the event loop is remembered for ten seconds, and one under way is seen', () => {
  const { main } = recording()
  const tick = (afterMs: number) => {
    takes(afterMs)()
    main.tick(performance.now(), 100)
  }
  tick(0)
  tick(100)
  expect(main.longestStop(performance.now()).ms).toBe(0)
  tick(4_100)
  tick(100)
  expect(main.longestStop(performance.now())).toEqual({ ms: 4_000, agoMs: 100 })
  // Nobody has looked since: whoever asks now sees the stop all the same.
  takes(6_100)()
  expect(main.longestStop(performance.now())).toEqual({ ms: 6_000, agoMs: 0 })
  tick(0)
  takes(100)()
  for (let i = 0; i < 100; i++) tick(i === 0 ? 0 : 100)
  expect(main.longestStop(performance.now()).ms).toBe(0)
})

test('after the end of a run nothing is a stop', () => {
  const { main } = recording()
  main.tick(performance.now(), 100)
  main.rest()
  takes(100_000)()
  expect(main.longestStop(performance.now()).ms).toBe(0)
})
