import { expect, test } from 'vitest'
import { WorkClock } from '../../src/work/work-clock.js'

test('leaves out the time for which the process stood still, and tells how long it was', () => {
  let machine = 1_000
  const clock = new WorkClock(
    () => machine,
    () => 0,
  )
  machine += 100
  expect(clock.now()).toBe(100)
  machine += 60_000
  expect(clock.now()).toBe(300)
  machine += 50
  expect(clock.now()).toBe(350)
  expect(clock.takeLongestStep()).toBe(60_000)
  expect(clock.takeLongestStep()).toBe(0)
})

test('a suspended machine is seen in the clock on the wall, and costs no time', () => {
  let wall = 0
  const clock = new WorkClock(
    () => 1_000,
    () => wall,
  )
  wall += 60_000
  expect(clock.now()).toBe(0)
  expect(clock.takeLongestStep()).toBe(60_000)
})
