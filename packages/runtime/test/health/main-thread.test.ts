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

/** Rejections have been handled by then. */
const settled = () => new Promise(setImmediate)
const takes = (ms: number) => () => vi.advanceTimersByTime(ms)

test('a call of a second or more is named and logged, a shorter one is not', () => {
  const { main, calls } = recording()
  main.call('onEvent', takes(999), 'onEvent (assigned)')
  expect(main.blocks).toEqual([])
  main.call('onEvent', takes(1_000), 'onEvent (committed)')
  expect(main.blocks).toEqual([{ by: 'onEvent (committed)', ms: 1_000, at: new Date().toISOString() }])
  expect(calls).toEqual([
    [{ by: 'onEvent (committed)', ms: 1_000 }, expect.stringMatching(/^onEvent \(committed\) held up the main thread/)],
  ])
})

test('one that throws is named too', () => {
  const { main } = recording()
  const call = () => {
    takes(1_500)()
    throw new Error('the listener’s')
  }
  main.call('onEvent', call, 'onEvent (lost)')
  expect(main.blocks).toMatchObject([{ by: 'onEvent (lost)', ms: 1_500 }])
})

const fails: [string, () => unknown][] = [
  [
    'throws',
    () => {
      throw new Error('the user’s')
    },
  ],
  ['rejects', () => Promise.reject(new Error('the user’s'))],
  [
    'returns a thenable that throws',
    () => ({
      // biome-ignore lint/suspicious/noThenProperty: it is what is tested
      then() {
        throw new Error('the user’s')
      },
    }),
  ],
]

test.each(fails)('a call that %s is logged and counted, and nothing comes of it', async (_how, call) => {
  const { main, calls } = recording()
  main.call('onDone', call, 'onDone (audit)')
  await settled()
  expect(main.callbackErrors()).toEqual([['onDone', 1]])
  expect(calls).toEqual([
    [
      { err: expect.objectContaining({ message: 'the user’s' }), callback: 'onDone (audit)' },
      'onDone (audit) failed; the work goes on',
    ],
  ])
})

test.each(fails)('a logger that %s takes nobody with it, not even when it is to log an error', async (_how, call) => {
  const methods = Object.fromEntries(['trace', 'debug', 'info', 'warn', 'error', 'fatal'].map((level) => [level, call]))
  const main = new MainThread(methods as unknown as Logger)
  main.watched(methods as unknown as Logger).info('x')
  await settled()
  expect(main.callbackErrors()).toEqual([['logger', 1]])
  main.call('onEvent', () => {
    throw new Error('x')
  })
  main.call('onEvent', takes(1_000))
  await settled()
  expect(main.callbackErrors()).toEqual([
    ['logger', 3],
    ['onEvent', 1],
  ])
})

test('of a callback that fails for each record ten errors a minute are logged, and all are counted', () => {
  const { main, calls } = recording()
  const fail = () => {
    throw new Error('x')
  }
  for (let i = 0; i < 100; i++) main.call('onDone', fail)
  expect(calls).toHaveLength(10)
  takes(60_000)()
  main.call('onDone', fail)
  expect(calls).toHaveLength(11)
  expect(calls[10]![0]).toMatchObject({ suppressed: 90 })
  expect(main.callbackErrors()).toEqual([['onDone', 101]])
})

test('the same culprit is logged once a minute, and counted each time', () => {
  const { main, calls } = recording()
  for (let i = 0; i < 20; i++) main.call('logger.info', takes(2_000))
  expect(calls).toHaveLength(1)
  expect(main.blocks).toHaveLength(10)
  expect(main.blockedTimes()).toEqual([['logger.info', 20]])
  takes(60_000)()
  main.call('logger.info', takes(2_000))
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
