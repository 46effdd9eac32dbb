/** A time in which nothing could run counts for nothing. */
import { expect, test } from 'vitest'
import { watched } from './watched.js'

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
