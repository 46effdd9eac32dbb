/** When a handler is told that its time is up. */
import { expect, test } from 'vitest'
import { watched } from './watched.js'

test('a handler is told at its deadline, once, and nobody before', async () => {
  const { start, passes, told } = watched()
  start(3)
  await passes(950)
  expect(told).toEqual([])
  await passes(100)
  expect(told).toEqual([[0, 3]])
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

test('without processTimeoutMs nobody has a deadline', async () => {
  const { start, passes, told } = watched({ processTimeoutMs: 0 })
  start(3)
  await passes(10_000)
  expect(told).toEqual([])
})
