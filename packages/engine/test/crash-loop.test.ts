import { expect, test } from 'vitest'
import { CrashLoop } from '../src/crash-loop.js'

test('is one at the third death in a row, and from then on', () => {
  const loop = new CrashLoop()
  expect([1, 2, 3, 4].map(() => loop.died(0))).toEqual([undefined, undefined, 3, 4])
})

test('a record that ended in between starts the count again', () => {
  const loop = new CrashLoop()
  loop.died(0)
  loop.died(0)
  loop.progressed(0)
  expect([1, 2, 3].map(() => loop.died(0))).toEqual([undefined, undefined, 3])
})

test('counts each thread by itself', () => {
  const loop = new CrashLoop()
  for (const thread of [0, 1, 0, 1]) expect(loop.died(thread)).toBeUndefined()
  expect(loop.died(1)).toBe(3)
})
