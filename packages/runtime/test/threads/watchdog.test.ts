import { describe, expect, test, vi } from 'vitest'
import type { ThreadEnd } from '../../src/threads/thread-end.js'
import { Watchdog } from '../../src/threads/watchdog.js'

const TIMEOUT_MS = 1_000
const GRACE_MS = 200

/** Threads whose handlers are typed in, on a clock that stands still but when time `passes`. */
function watched({ threads = 2, processTimeoutMs = TIMEOUT_MS, graceMs = GRACE_MS } = {}) {
  let now = 10_000
  const handlers = new Map<number, { thread: number; started: number; extension: number }>()
  /** Records that wait in their thread. */
  const queued = new Set<number>()
  const told: [thread: number, ticket: number][] = []
  const retired: number[] = []
  const asked: number[] = []
  const ended: [thread: number, end: ThreadEnd][] = []
  const stacks: number[] = []
  const sequence = new Int32Array(16).fill(7)
  const thread = new Int32Array(16)
  const currents = new Array<number>(threads).fill(-1)
  const off = vi.fn()
  const dispatched = () => [...handlers.keys(), ...queued].sort((a, b) => a - b)
  const nextDispatched = (ticket: number) => dispatched().find((one) => one > ticket) ?? -1
  let stack: string[] | undefined = ['    at spin (/app/p.ts:3:5)']
  let late: Promise<void> | undefined
  let debugged = false
  const watchdog = new Watchdog({
    processTimeoutMs,
    graceMs,
    sent: { dispatched, nextDispatched, thread, sequence },
    threads: {
      boards: currents.map((_, index) => ({
        runningMs: (ticket) => {
          const handler = handlers.get(ticket)
          return handler?.thread === index ? now - handler.started : undefined
        },
        extensionMs: (ticket) => handlers.get(ticket)!.extension,
        get current() {
          return currents[index]!
        },
      })),
      isUp: () => true,
      tellTimeout: (index, ticket) => told.push([index, ticket]),
      tellRetire: (index) => retired.push(index),
      ask: (index) => asked.push(index),
      stackOf: async (index) => {
        stacks.push(index)
        await late
        return stack
      },
      end: (index, end) => {
        ended.push([index, end])
        for (const [ticket, handler] of handlers) if (handler.thread === index) handlers.delete(ticket)
        for (const ticket of queued) if (thread[ticket] === index) queued.delete(ticket)
        watchdog.gone(index)
      },
    },
    retire: () => {},
    isDebugged: () => debugged,
    off,
  })
  const look = async () => {
    watchdog.look(now)
    watchdog.stop()
    // The stack comes as a promise.
    for (let i = 0; i < 5; i++) await null
  }
  return {
    ...{ told, retired, asked, ended, stacks, off },
    queue: (ticket: number, index = 0) => {
      thread[ticket] = index
      queued.add(ticket)
    },
    says: (index = 0) => watchdog.sign(index),
    start: (ticket: number, index = 0) => {
      thread[ticket] = index
      handlers.set(ticket, { thread: index, started: now, extension: 0 })
    },
    done: (ticket: number) => handlers.delete(ticket),
    extend: (ticket: number, ms: number) => {
      handlers.get(ticket)!.extension += ms
    },
    onStack: (ticket: number, index = 0) => {
      currents[index] = ticket
    },
    hears: (ticket: number, index = 0) => watchdog.heard(index, ticket, 7),
    stackIs: (lines: string[] | undefined) => {
      stack = lines
    },
    /** @returns lets stacks come */
    stackIsLate: () => {
      let arrive = () => {}
      late = new Promise((resolve) => {
        arrive = resolve
      })
      return async () => {
        arrive()
        for (let i = 0; i < 10; i++) await null
      }
    },
    debug: (on: boolean) => {
      debugged = on
    },
    passes: async (ms: number) => {
      for (let left = ms; left > 0; left -= 50) {
        now += Math.min(50, left)
        await look()
      }
    },
    freezes: async (ms: number) => {
      now += ms
      await look()
    },
    guilty: () => ended.map(([, { guilty }]) => guilty),
  }
}

test('a handler is told at its deadline, once, and nobody before', async () => {
  const { start, passes, told } = watched()
  start(3)
  await passes(950)
  expect(told).toEqual([])
  await passes(100)
  expect(told).toEqual([[0, 3]])
})

test('one that computes on is ended after the grace, with its stack, and alone is guilty', async () => {
  const { start, onStack, passes, ended, stacks } = watched()
  for (const ticket of [3, 4]) start(ticket)
  onStack(3)
  await passes(1_150)
  expect(ended).toEqual([])
  // Looked for ahead of time.
  expect(stacks).toEqual([0])
  await passes(100)
  expect(ended).toMatchObject([[0, { planned: false, cause: 'timeout', guilty: [3] }]])
  const [[, { error }]] = ended as [[number, ThreadEnd]]
  expect(error).toMatchObject({ code: 'ZK_HANDLER_TIMEOUT' })
  expect(error!.stack).toContain('\n    at spin (/app/p.ts:3:5)')
  expect(error!.message).toContain('it keeps its thread at spin (/app/p.ts:3:5)')
})

test('behind an await nobody is on the stack, and nobody can be blamed', async () => {
  const { start, passes, guilty } = watched()
  for (const ticket of [3, 4]) start(ticket)
  await passes(1_250)
  expect(guilty()).toEqual([undefined])
})

test('one that hears and goes on takes its thread when the others have ended; only it is guilty', async () => {
  const { start, hears, done, passes, ended, retired, stacks } = watched()
  start(3)
  await passes(500)
  start(4)
  await passes(500)
  hears(3)
  await passes(250)
  expect([retired, ended]).toEqual([[0], []])
  done(4)
  await passes(50)
  expect(ended).toMatchObject([[0, { planned: false, guilty: [3] }]])
  expect(stacks).toEqual([])
})

test('when it ends all the same its thread is replaced, and nobody is guilty', async () => {
  const { start, hears, done, passes, ended } = watched()
  for (const ticket of [3]) start(ticket)
  await passes(500)
  start(4)
  await passes(500)
  hears(3)
  await passes(250)
  done(3)
  done(4)
  await passes(50)
  expect(ended).toMatchObject([[0, { planned: true, guilty: [] }]])
})

test('one beside it that moves its deadline again and again has its thread until the deadline that it had, and is not guilty', async () => {
  const { start, hears, extend, passes, told, ended } = watched()
  start(3)
  await passes(500)
  start(4)
  // Before the thread is retired a deadline may be moved.
  extend(4, 300)
  await passes(500)
  hears(3)
  await passes(200)
  for (let ran = 700; ran < 1_250; ran += 50) {
    extend(4, 100)
    await passes(50)
  }
  expect([told, ended]).toEqual([[[0, 3]], []])
  extend(4, 100)
  await passes(50)
  expect(ended).toMatchObject([[0, { planned: false, guilty: [3] }]])
})

test('those beside it that ignore their own deadlines are guilty too', async () => {
  const { start, hears, passes, guilty } = watched()
  start(3)
  await passes(500)
  start(4)
  await passes(500)
  hears(3)
  await passes(500)
  hears(4)
  await passes(250)
  expect(guilty()).toEqual([[3, 4]])
})

test('whoever waits behind a handler that computes within its deadline is not told in vain', async () => {
  const { start, onStack, hears, done, passes, ended, stacks } = watched()
  start(3)
  await passes(900)
  start(4)
  onStack(4)
  await passes(600)
  expect([ended, stacks]).toEqual([[], []])
  // It returns; the other hears, and ends.
  onStack(-1)
  done(4)
  hears(3)
  done(3)
  await passes(500)
  expect(ended).toEqual([])
})

test('one that moves its deadline is told at that one', async () => {
  const { start, extend, passes, told, ended } = watched()
  start(3)
  await passes(900)
  extend(3, 1_000)
  await passes(1_050)
  expect(told).toEqual([])
  await passes(100)
  expect([told, ended]).toEqual([[[0, 3]], []])
})

test('also one that moved it while main told it: it is told again, and has its whole grace', async () => {
  const { start, extend, passes, told, ended } = watched()
  start(3)
  await passes(1_000)
  expect(told).toHaveLength(1)
  extend(3, 1_000)
  await passes(1_050)
  expect([told.length, ended]).toEqual([2, []])
  await passes(200)
  expect(ended).toHaveLength(1)
})

test('the next attempt of a record has its own deadline', async () => {
  const { start, passes, told, ended } = watched()
  start(3)
  await passes(1_050)
  start(3)
  await passes(950)
  expect([told.length, ended]).toEqual([1, []])
  await passes(100)
  expect(told).toHaveLength(2)
})

test('also one so short that nobody looked between', async () => {
  const { start, passes, told } = watched({ processTimeoutMs: 20 })
  start(3)
  await passes(50)
  start(3)
  await passes(50)
  expect(told).toHaveLength(2)
})

test('a time in which the process stood still counts for no deadline and no grace', async () => {
  const { start, freezes, passes, told, ended } = watched()
  start(3)
  await passes(500)
  await freezes(60_000)
  await passes(450)
  expect(told).toEqual([])
  await passes(100)
  expect(told).toHaveLength(1)
  await freezes(60_000)
  expect(ended).toEqual([])
  await passes(250)
  expect(ended).toHaveLength(1)
})

test('one that began after it has its whole deadline', async () => {
  const { start, freezes, passes, told } = watched()
  start(3, 0)
  await passes(50)
  await freezes(60_000)
  start(4, 1)
  await passes(940)
  expect(told).toEqual([])
  await passes(100)
  expect(told).toEqual([
    [0, 3],
    [1, 4],
  ])
})

test('while a debugger may be attached nobody has a deadline, which is said once', async () => {
  const { start, debug, passes, told, off } = watched()
  start(3)
  debug(true)
  await passes(60_000)
  expect(told).toEqual([])
  expect(off).toHaveBeenCalledTimes(1)
  debug(false)
  await passes(900)
  expect(told).toEqual([])
  await passes(150)
  expect(told).toHaveLength(1)
})

test('a thread whose stack cannot be taken is ended all the same', async () => {
  const { start, onStack, stackIs, passes, ended } = watched()
  stackIs(undefined)
  start(3)
  onStack(3)
  await passes(1_250)
  expect(ended[0]![1].error!.message).toContain('a native call blocks its thread')
})

test('each thread by itself', async () => {
  const { start, onStack, passes, ended } = watched()
  start(3, 0)
  start(4, 1)
  onStack(3, 0)
  onStack(4, 1)
  await passes(1_250)
  expect(ended.map(([index, { guilty }]) => [index, guilty])).toEqual([
    [0, [3]],
    [1, [4]],
  ])
})

test('without processTimeoutMs nobody has a deadline', async () => {
  const { start, passes, told } = watched({ processTimeoutMs: 0 })
  start(3)
  await passes(10_000)
  expect(told).toEqual([])
})

test('who has ended by the time the stack is there is not guilty, whatever has its ticket then', async () => {
  const { start, hears, done, onStack, stackIsLate, passes, guilty } = watched()
  start(3)
  start(4)
  await passes(1_000)
  hears(3)
  onStack(4)
  const arrive = stackIsLate()
  await passes(250)
  expect(guilty()).toEqual([])
  // The thread came back for a moment: 3 ended, and another attempt runs under its ticket.
  done(3)
  start(3)
  await arrive()
  expect(guilty()).toEqual([[4]])
})

test('with a grace of nothing a thread still has the time to answer', async () => {
  const { start, hears, passes, guilty } = watched({ graceMs: 0 })
  for (const ticket of [3, 4]) start(ticket)
  await passes(1_050)
  hears(3)
  hears(4)
  expect(guilty()).toEqual([])
  await passes(150)
  expect(guilty()).toEqual([[3, 4]])
})

describe('a thread that has records and runs none', () => {
  test('is asked, and ended with its stack when it gives no sign; nobody is guilty', async () => {
    const { queue, passes, asked, ended } = watched()
    queue(3)
    await passes(1_200)
    expect([asked, ended]).toEqual([[0], []])
    await passes(100)
    expect(ended).toMatchObject([[0, { planned: false, cause: 'timeout', guilty: [] }]])
    const [[, { error }]] = ended as [[number, ThreadEnd]]
    expect(error).toMatchObject({ code: 'ZK_THREAD_DIED', message: expect.stringContaining('spin (/app/p.ts:3:5)') })
    expect(error!.stack).toContain('\n    at spin (/app/p.ts:3:5)')
  })

  test('is left alone while it answers, once a second', async () => {
    const { queue, says, passes, asked, ended } = watched()
    queue(3)
    for (let i = 0; i < 100; i++) {
      await passes(100)
      says()
    }
    expect(ended).toEqual([])
    expect(asked.length).toBeGreaterThanOrEqual(9)
    expect(asked.length).toBeLessThanOrEqual(11)
  })

  test('and begins one is held to the deadline of that one, and not to the answer', async () => {
    const { queue, start, onStack, done, passes, ended } = watched()
    queue(3)
    await passes(1_000)
    start(4)
    onStack(4)
    await passes(900)
    done(4)
    onStack(-1)
    await passes(1_200)
    expect(ended).toEqual([])
    await passes(100)
    expect(ended).toHaveLength(1)
  })

  test('that has nothing is not asked', async () => {
    const { start, done, passes, asked } = watched()
    start(3)
    await passes(100)
    done(3)
    await passes(10_000)
    expect(asked).toEqual([])
  })

  test('while the process stands still, or is debugged, is not expected to answer', async () => {
    const { queue, freezes, debug, passes, ended } = watched()
    queue(3)
    await passes(50)
    await freezes(60_000)
    debug(true)
    await passes(60_000)
    debug(false)
    await passes(1_100)
    expect(ended).toEqual([])
    await passes(150)
    expect(ended).toHaveLength(1)
  })

  test('and comes back while its stack is looked for goes on', async () => {
    const { queue, says, stackIsLate, passes, ended } = watched()
    queue(3)
    const arrive = stackIsLate()
    await passes(1_300)
    says()
    await arrive()
    expect(ended).toEqual([])
    await passes(1_000)
    expect(ended).toEqual([])
  })
})
