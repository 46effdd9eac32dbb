import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
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
  board.queue(5, 70)
  expect(board.deliveryState(5, 70)).toBe('queued')
  expect(board.deliveryState(5, 69)).toBe('unknown')
  expect(writer.start(5, SLOT, 1, 0, NOW)).toBe(true)
  expect(board.deliveryState(5, 70)).toBe('running')
  for (const outcome of ['done', 'failed', 'discarded'] as const) {
    writer.end(5, outcome)
    expect(board.deliveryState(5, 70)).toBe(outcome)
  }
})

test.each([8, 9])('rows beside each other do not touch, of %i', (capacity) => {
  const { board, writer } = boards(capacity)
  for (let ticket = 0; ticket < 8; ticket++) board.queue(ticket, ticket + 1)
  writer.start(3, SLOT, 1, 0, NOW)
  writer.end(7, 'done')
  const states = [0, 1, 2, 3, 4, 5, 6, 7].map((ticket) => board.deliveryState(ticket, ticket + 1))
  expect(states).toEqual(['queued', 'queued', 'queued', 'running', 'queued', 'queued', 'queued', 'done'])
})

test('above a cut nothing of its epoch or an older one starts; a newer epoch is not concerned', () => {
  const { board, writer } = boards()
  board.queue(0, 1)
  board.cut(SLOT, 4, 100)
  expect(writer.start(0, SLOT, 4, 100, NOW)).toBe(true)
  expect(writer.start(0, SLOT, 4, 101, NOW)).toBe(false)
  expect(board.deliveryState(0, 1)).toBe('discarded')
  // Its offset lies below the cut of another epoch, which says nothing about it.
  expect(writer.start(0, SLOT, 3, 50, NOW)).toBe(false)
  expect(writer.start(0, SLOT, 5, 500, NOW)).toBe(true)
  expect(writer.start(0, SLOT + 1, 1, 500, NOW)).toBe(true)
})

test('offsets beyond 32 bits are cut exactly', () => {
  const { board, writer } = boards()
  board.cut(SLOT, 1, 2 ** 40)
  expect(writer.start(0, SLOT, 1, 2 ** 40, NOW)).toBe(true)
  expect(writer.start(0, SLOT, 1, 2 ** 40 + 1, NOW)).toBe(false)
})

test('a new thread on the board begins with nothing, and cuts stay in force', () => {
  const { board, writer } = boards()
  board.cut(SLOT, 1, 10)
  writer.publish(2, 5)
  expect([board.running, board.queued]).toEqual([2, 5])
  board.reset()
  expect([board.running, board.queued]).toEqual([0, 0])
  expect(new BoardWriter(board.buffer).start(0, SLOT, 1, 11, NOW)).toBe(false)
})

test('while held no delivery starts, and a cut made meanwhile is obeyed', async () => {
  const { board } = boards()
  board.queue(0, 1)
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
  expect(await answer).toEqual([false])
  expect(board.deliveryState(0, 1)).toBe('discarded')
  await worker.terminate()
})

test('for how long a delivery has been running is told, also where the clock on the board wraps', () => {
  const own = vi.spyOn(performance, 'now')
  onTestFinished(() => own.mockRestore())
  // Two starts and looks 32 bits of milliseconds apart meet at least one wrap, wherever the machine's clock began.
  for (let now = 4_000; now < 2 ** 32; now += 2 ** 29) {
    const { board, writer } = boards()
    board.queue(0, 1)
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
