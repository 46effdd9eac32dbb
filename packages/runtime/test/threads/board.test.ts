import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { FailureFlag } from '@zk/engine'
import { expect, onTestFinished, test, vi } from 'vitest'
import { Board, BoardWriter } from '../../src/threads/board.js'

const SLOT = 3
const NOW = 0

function boards(capacity = 8) {
  const board = new Board(capacity)
  return { board, writer: new BoardWriter(board.buffer) }
}

test('a delivery is seen as queued, running and ended, and by no other sequence number', () => {
  const { board, writer } = boards()
  board.queue(5, 70, 1)
  expect(board.deliveryState(5, 70)).toBe('queued')
  expect(board.deliveryState(5, 69)).toBe('unknown')
  expect(writer.start(5, SLOT, 1, 0, NOW)).toBeGreaterThan(0)
  expect(board.deliveryState(5, 70)).toBe('running')
  for (const outcome of ['done', 'failed', 'discarded'] as const) {
    writer.end(5, outcome)
    expect(board.deliveryState(5, 70)).toBe(outcome)
  }
})

test.each([8, 9])('rows beside each other do not touch, of %i', (capacity) => {
  const { board, writer } = boards(capacity)
  for (let ticket = 0; ticket < 8; ticket++) board.queue(ticket, ticket + 1, 1)
  writer.start(3, SLOT, 1, 0, NOW)
  writer.end(7, 'done')
  const states = [0, 1, 2, 3, 4, 5, 6, 7].map((ticket) => board.deliveryState(ticket, ticket + 1))
  expect(states).toEqual(['queued', 'queued', 'queued', 'running', 'queued', 'queued', 'queued', 'done'])
})

test('above a cut nothing of its epoch or an older one starts; a newer epoch is not concerned', () => {
  const { board, writer } = boards()
  board.queue(0, 1, 1)
  board.cut(SLOT, 4, 100)
  expect(writer.start(0, SLOT, 4, 100, NOW)).toBeGreaterThan(0)
  expect(writer.start(0, SLOT, 4, 101, NOW)).toBe(0)
  expect(board.deliveryState(0, 1)).toBe('discarded')
  // Its offset lies below the cut of another epoch, which says nothing about it.
  expect(writer.start(0, SLOT, 3, 50, NOW)).toBe(0)
  expect(writer.start(0, SLOT, 5, 500, NOW)).toBeGreaterThan(0)
  expect(writer.start(0, SLOT + 1, 1, 500, NOW)).toBeGreaterThan(0)
})

test('offsets beyond 32 bits are cut exactly', () => {
  const { board, writer } = boards()
  board.queue(0, 1, 1)
  board.cut(SLOT, 1, 2 ** 40)
  expect(writer.start(0, SLOT, 1, 2 ** 40, NOW)).toBeGreaterThan(0)
  expect(writer.start(0, SLOT, 1, 2 ** 40 + 1, NOW)).toBe(0)
})

test('a new thread on the board begins with nothing, and cuts stay in force', () => {
  const { board, writer } = boards()
  board.cut(SLOT, 1, 10)
  writer.publish(2, 5)
  expect([board.running, board.queued]).toEqual([2, 5])
  board.reset()
  expect([board.running, board.queued]).toEqual([0, 0])
  expect(new BoardWriter(board.buffer).start(0, SLOT, 1, 11, NOW)).toBe(0)
})

test('while held no delivery starts, and a cut made meanwhile is obeyed', async () => {
  const { board } = boards()
  board.queue(0, 1, 1)
  board.hold(true)
  const source = `
    const { parentPort, workerData } = require('node:worker_threads')
    import(workerData.module).then(({ BoardWriter }) => {
      const writer = new BoardWriter(workerData.buffer)
      parentPort.postMessage('starting')
      parentPort.postMessage(writer.start(0, ${SLOT}, 1, 7, 0))
    })`
  const module = new URL('../../dist/threads/board.js', import.meta.url).href
  const worker = new Worker(source, { eval: true, workerData: { module, buffer: board.buffer } })
  await once(worker, 'message')
  // The thread says "running" before it looks at the hold, so whoever holds and reads the board misses nothing.
  while (board.deliveryState(0, 1) !== 'running') await new Promise(setImmediate)
  board.cut(SLOT, 1, 6)
  const answer = once(worker, 'message')
  board.hold(false)
  expect(await answer).toEqual([0])
  expect(board.deliveryState(0, 1)).toBe('discarded')
  await worker.terminate()
})

test('a parked delivery shows the attempt that is due and when; its next start shows neither', () => {
  const own = vi.spyOn(performance, 'now').mockReturnValue(1_000)
  onTestFinished(() => own.mockRestore())
  const { board, writer } = boards()
  board.queue(5, 70, 2)
  expect([board.attemptOf(5), writer.attemptOf(5)]).toEqual([2, 2])
  expect(board.dueInMs(5, 70)).toBeUndefined()
  writer.start(5, SLOT, 1, 0, 1_000)
  writer.park(5, 3, 1_250, FailureFlag.noCircuitBreak)
  expect(board.deliveryState(5, 70)).toBe('parked')
  expect([board.attemptOf(5), board.dueInMs(5, 70), board.runningMs(5, 70)]).toEqual([3, 250, undefined])
  expect(board.flagsOf(5)).toBe(FailureFlag.noCircuitBreak)
  expect(board.dueInMs(5, 69)).toBeUndefined()
  own.mockReturnValue(5_000)
  expect(board.dueInMs(5, 70)).toBe(0)
  writer.start(5, SLOT, 1, 0, 5_000)
  expect([board.deliveryState(5, 70), board.attemptOf(5), board.runningMs(5, 70)]).toEqual(['running', 3, 0])
})

test('what the error of a failure asked for stands beside the attempt, and not in the next delivery', () => {
  const { board, writer } = boards()
  board.queue(5, 70, 4)
  writer.start(5, SLOT, 1, 0, NOW)
  writer.flag(5, FailureFlag.noDeadLetter | FailureFlag.noCircuitBreak)
  writer.end(5, 'failed')
  expect([board.deliveryState(5, 70), board.attemptOf(5), board.flagsOf(5)]).toEqual(['failed', 4, 12])
  board.queue(5, 71, 1)
  expect([board.attemptOf(5), board.flagsOf(5)]).toEqual([1, 0])
})

test('an extension counts for one start', () => {
  const { board, writer } = boards()
  board.queue(5, 70, 1)
  writer.start(5, SLOT, 1, 0, NOW)
  expect(board.extensionMs(5)).toBe(0)
  writer.extend(5, 30_000)
  expect([board.extensionMs(5), writer.extensionMs(5)]).toEqual([30_000, 30_000])
  writer.start(5, SLOT, 1, 0, NOW)
  expect(board.extensionMs(5)).toBe(0)
})

test('a handler knows only its own attempt as running', () => {
  const { board, writer } = boards()
  board.queue(5, 70, 1)
  writer.start(5, SLOT, 1, 0, 100)
  expect(writer.runningMs(5, 70, 1, 130)).toBe(30)
  expect([writer.runningMs(5, 69, 1, 130), writer.runningMs(5, 70, 2, 130)]).toEqual([undefined, undefined])
  writer.park(5, 2, 200)
  expect(writer.runningMs(5, 70, 1, 130)).toBeUndefined()
  writer.start(5, SLOT, 1, 0, 200)
  expect([writer.runningMs(5, 70, 1, 230), writer.runningMs(5, 70, 2, 230)]).toEqual([undefined, 30])
})

test('a cut closes its epoch and those before it, whatever the offset', () => {
  const { board, writer } = boards()
  expect(writer.isClosing(SLOT, 1)).toBe(false)
  board.cut(SLOT, 4, 100)
  expect([3, 4, 5].map((epoch) => writer.isClosing(SLOT, epoch))).toEqual([true, true, false])
  expect(writer.isClosing(SLOT + 1, 1)).toBe(false)
})

test('starts are held for all or for one partition, and a permit lets one through', () => {
  const { board, writer } = boards()
  const may = () => [writer.mayStart(SLOT), writer.mayStart(SLOT + 1)]
  expect(may()).toEqual([true, true])
  board.holdStarts(SLOT, true)
  expect(may()).toEqual([false, true])
  board.permitStart(SLOT)
  expect([writer.isHeld(SLOT), writer.mayStart(SLOT), writer.mayStart(SLOT)]).toEqual([false, true, false])
  board.holdStarts('work', true)
  board.permitStart('work')
  board.permitStart('work')
  expect([writer.mayStart(SLOT + 1), writer.mayStart(SLOT + 1)]).toEqual([true, false])
  board.holdStarts('work', false)
  board.holdStarts(SLOT, false)
  board.permitStart(SLOT)
  expect(may()).toEqual([true, true])
})

test('a permit can be taken back until a record has used it', () => {
  const { board, writer } = boards()
  board.holdStarts('work', true)
  expect(board.withdrawPermit('work')).toBe(false)
  board.permitStart('work')
  expect(board.withdrawPermit('work')).toBe(true)
  expect(writer.mayStart(SLOT)).toBe(false)
  board.permitStart('work')
  writer.mayStart(SLOT)
  expect(board.withdrawPermit('work')).toBe(false)
})

test('what is on the stack, and what a thread holds outside of its heap, is told until the next thread', () => {
  const { board, writer } = boards()
  expect([board.current, board.externalBytes]).toEqual([-1, 0])
  board.queue(0, 1, 1)
  writer.start(0, SLOT, 1, 0, NOW)
  writer.publishExternal(3 * 2 ** 32)
  expect([board.current, board.externalBytes]).toEqual([0, 3 * 2 ** 32])
  writer.leaveStack()
  expect(board.current).toBe(-1)
  writer.start(0, SLOT, 1, 0, NOW)
  writer.end(0, 'done')
  expect(board.current).toBe(-1)
  writer.start(0, SLOT, 1, 0, NOW)
  board.reset()
  expect([board.current, board.externalBytes]).toEqual([-1, 0])
})

test('for how long a delivery has been running is told, also where the clock on the board wraps', () => {
  const own = vi.spyOn(performance, 'now')
  onTestFinished(() => own.mockRestore())
  // Two starts and looks 32 bits of milliseconds apart meet at least one wrap, wherever the machine's clock began.
  for (let now = 4_000; now < 2 ** 32; now += 2 ** 29) {
    const { board, writer } = boards()
    board.queue(0, 1, 1)
    own.mockReturnValue(now)
    expect(board.runningMs(0, 1)).toBeUndefined()
    writer.start(0, SLOT, 1, 0, now)
    own.mockReturnValue(now + 2 ** 29)
    expect(Math.abs(board.runningMs(0, 1)! - 2 ** 29)).toBeLessThanOrEqual(1)
    expect(board.runningMs(0, 2)).toBeUndefined()
    writer.end(0, 'done')
    expect(board.runningMs(0, 1)).toBeUndefined()
  }
})

test('attempts that another one follows are counted, over all threads of a board', () => {
  const { board, writer } = boards()
  board.queue(5, 70, 1)
  writer.start(5, SLOT, 1, 0, NOW)
  writer.park(5, 2, NOW + 1_000)
  writer.start(5, SLOT, 1, 0, NOW)
  writer.park(5, 3, NOW + 1_000)
  // What is held back by a circuit has not failed.
  writer.start(5, SLOT, 1, 0, NOW)
  writer.unstart(5, true)
  expect(board.retries).toBe(2)
  board.reset()
  expect(board.retries).toBe(2)
})
