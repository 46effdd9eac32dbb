import { FailureFlag, Outcome } from '@zk/engine'
import { describe, expect, test, vi } from 'vitest'
import { ProcessError } from '../../src/process-error.js'
import { type Handler, type LaneOptions, lane, SLOT, settled } from './lane.js'

test('a thenable that settles twice ends its own record, and not the one that has its ticket next', async () => {
  let settle: () => void = () => {}
  const twice = {
    // biome-ignore lint/suspicious/noThenProperty: a foreign thenable is what this is about
    then(resolve: () => void): void {
      settle = resolve
    },
  }
  let calls = 0
  const { send, acks } = lane(() => (++calls === 1 ? twice : new Promise(() => {})))
  send([3])
  await settled()
  settle()
  await settled()
  expect(acks).toEqual([[3, Outcome.done]])
  send([3])
  settle()
  await settled()
  expect(calls).toBe(2)
  expect(acks).toHaveLength(1)
})

test('a `then` that throws when it is looked at fails its record, and the next one runs', async () => {
  const odd = {
    // biome-ignore lint/suspicious/noThenProperty: a foreign thenable is what this is about
    get then(): never {
      throw new Error('no')
    },
  }
  let calls = 0
  const { send, acks } = lane(() => (++calls === 1 ? odd : undefined))
  send([0, 1])
  await settled()
  expect(acks).toEqual([
    [0, Outcome.failed],
    [1, Outcome.done],
  ])
})

test('a handler that gives up because its signal aborted has not failed: the record is read again', async () => {
  const { executor, send, acks } = lane(
    (_, ctx) =>
      new Promise((_resolve, reject) => ctx.signal.addEventListener('abort', () => reject(ctx.signal.reason))),
  )
  send([2])
  executor.abort([SLOT], 'shutdown')
  await settled()
  expect(acks).toEqual([[2, Outcome.discarded]])
})

test('one that finishes all the same is done', async () => {
  const { executor, send, acks } = lane(
    (_, ctx) => new Promise<void>((resolve) => ctx.signal.addEventListener('abort', () => resolve())),
  )
  send([2])
  executor.abort([SLOT], 'revoked')
  await settled()
  expect(acks).toEqual([[2, Outcome.done]])
})

test('with stopOnFailure nothing starts after a failure', async () => {
  const seen: number[] = []
  const { send, acks } = lane(
    (message) => {
      seen.push(message.offset)
      if (message.offset === 1) throw new Error('bad')
    },
    { stopOnFailure: true },
  )
  send([0, 1, 2, 3])
  await settled()
  expect(seen).toEqual([0, 1])
  expect(acks.map(([, outcome]) => outcome)).toEqual([
    Outcome.done,
    Outcome.failed,
    Outcome.discarded,
    Outcome.discarded,
  ])
})

test.each([
  ['goes on after one that has a dead letter', false, [Outcome.failed, Outcome.done]],
  [
    'starts nothing after one whose error wants none',
    true,
    [Outcome.failed + FailureFlag.noDeadLetter, Outcome.discarded],
  ],
])('with stopOnFailure and a dead letter topic it %s', async (_what, disableDeadLetter, expected) => {
  const { send, acks } = lane(
    (message) => {
      if (message.offset === 0) throw new ProcessError('bad', { disableDeadLetter })
    },
    { stopOnFailure: true, deadLetters: true },
  )
  send([0, 1])
  await settled()
  expect(acks.map(([, outcome]) => outcome)).toEqual(expected)
})

test('a failure of an assignment that is over does not keep the thread from the next one', async () => {
  const { send, acks } = lane(
    (message) => {
      if (message.offset === 1) throw new Error('bad')
    },
    { stopOnFailure: true },
  )
  send([1, 2])
  send([3], { epoch: 2 })
  await settled()
  expect(acks).toEqual([
    [1, Outcome.failed],
    [2, Outcome.discarded],
    [3, Outcome.done],
  ])
})

test('nothing starts while the pulse of main is missing, not even behind a handler that ran meanwhile', async () => {
  const seen: number[] = []
  const { board, send } = lane((message) => {
    seen.push(message.offset)
    // Main beat a minute ago.
    if (message.offset === 0) board.beat(performance.now() - 60_000, 1_000)
  })
  board.beat(performance.now(), 1_000)
  send([0, 1])
  send([2])
  expect(seen).toEqual([0])
  board.beat(performance.now(), 1_000)
  await expect.poll(() => seen).toEqual([0, 1, 2])
})

test('nor behind handlers that wait, when the process stood still in one of them', () => {
  const seen: number[] = []
  const { board, send } = lane((message) => {
    seen.push(message.offset)
    if (message.offset === 0) board.beat(performance.now() - 60_000, 1_000)
    return new Promise(() => {})
  })
  send([0, 1, 2, 3])
  expect(seen).toEqual([0])
})

test('what the board shows as ended has ended before its ack is posted', () => {
  const states: string[] = []
  const { board, send } = lane((message) => {
    if (message.offset === 1) states.push(board.deliveryState(0, 1), board.deliveryState(1, 2))
  })
  send([0, 1])
  expect(states).toEqual(['done', 'running'])
})

test('what a handler takes while it runs is seen, and without a limit or a promise nobody looks', async () => {
  const MiB = 1024 * 1024
  const held: Buffer[] = []
  const leak = async () => {
    for (let i = 0; i < 40; i++) {
      held.push(Buffer.alloc(MiB))
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
  }
  const { send, board } = lane(leak, { maxExternalMb: 4_096 })
  send([0])
  const looked: number[] = []
  for (let i = 0; i < 12; i++) {
    await new Promise((resolve) => setTimeout(resolve, 25))
    looked.push(board.externalBytes)
  }
  expect(looked.at(-1)!).toBeGreaterThan(looked[0]! + 5 * MiB)
  expect(held.length).toBeLessThan(40)

  const timers = vi.spyOn(globalThis, 'setTimeout')
  lane(() => undefined, { maxExternalMb: 1 }).send([0])
  lane(() => new Promise(() => {})).send([0])
  expect(timers).not.toHaveBeenCalled()
  timers.mockRestore()
})

describe("with concurrency 'auto'", () => {
  /** Handlers that end when they are told to, by offset. */
  function waiting(options: LaneOptions = {}) {
    const running = new Map<number, { resolve: () => void; reject: (error: Error) => void }>()
    const handler = ({ offset }: { offset: number }) =>
      new Promise<void>((resolve, reject) => running.set(offset, { resolve, reject }))
    const play = lane(handler as Handler, { concurrency: 'auto', keyOf: (offset) => `k${offset}`, ...options })
    play.board.concurrency = 1
    const end = async (offset: number, error?: Error) => {
      const { resolve, reject } = running.get(offset)!
      running.delete(offset)
      if (error === undefined) resolve()
      else reject(error)
      await settled()
    }
    return { ...play, running, end }
  }

  test('as many run as the board says, from the next wake on', () => {
    const { running, send, board, executor } = waiting()
    send([0, 1, 2, 3])
    expect([...running.keys()]).toEqual([0])
    board.concurrency = 3
    executor.wake()
    expect([...running.keys()]).toEqual([0, 1, 2])
  })

  test('what runs beyond a lower number ends by itself, and nothing starts before it has', async () => {
    const { running, send, board, executor, end, acks } = waiting()
    board.concurrency = 3
    send([0, 1, 2, 3])
    board.concurrency = 1
    executor.wake()
    await end(0)
    await end(1)
    expect([...running.keys()]).toEqual([2])
    await end(2)
    expect([...running.keys()]).toEqual([3])
    await end(3)
    expect(acks).toEqual([0, 1, 2, 3].map((ticket) => [ticket, Outcome.done]))
  })

  test('two records of a key do not run at once, though it began with one lane', async () => {
    const { running, send, board, executor, end } = waiting({ ordering: 'key', keyOf: () => 'same' })
    send([0, 1, 2])
    board.concurrency = 3
    executor.wake()
    expect([...running.keys()]).toEqual([0])
    await end(0)
    expect([...running.keys()]).toEqual([1])
  })

  test('the board has what became of the lanes: ends, successes, their time, and whether another record stood ready', async () => {
    const { send, board, end } = waiting({ retry: { attempts: 2 } })
    const began = performance.now()
    send([0, 1, 2])
    await end(0)
    await end(1, new Error('tried again'))
    expect(board.laneTotals).toMatchObject({ ended: 2, succeeded: 1, followed: 2 })
    // It was parked, and is due.
    await vi.waitFor(() => end(2))
    await vi.waitFor(() => end(1))
    const { spentMs, ...totals } = board.laneTotals
    expect(totals).toEqual({ ended: 4, succeeded: 3, followed: 3 })
    expect(spentMs).toBeGreaterThan(10)
    expect(spentMs).toBeLessThanOrEqual(performance.now() - began)
  })

  test('what gave up because it was told to counts for nothing', async () => {
    const { executor, send, board, end, acks } = waiting()
    send([0])
    executor.abort([SLOT], 'revoked')
    await end(0, new Error('I give up'))
    expect(acks).toEqual([[0, Outcome.discarded]])
    expect(board.laneTotals).toMatchObject({ ended: 0, spentMs: 0 })
  })

  test('where it is a number, nothing is counted', async () => {
    const { send, board, end } = waiting({ concurrency: 2 })
    send([0])
    await end(0)
    expect(board.laneTotals).toEqual({ ended: 0, succeeded: 0, spentMs: 0, followed: 0 })
  })
})
