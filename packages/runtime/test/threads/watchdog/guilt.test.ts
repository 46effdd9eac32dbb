/** Who takes its thread when the grace is over, and who of those on it is guilty. */
import { expect, test } from 'vitest'
import type { ThreadEnd } from '../../../src/threads/thread-end.js'
import { watched } from './watched.js'

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
