import { AssignmentTable } from '@zk/engine'
import { expect, test } from 'vitest'
import type { Logger } from '../../src/log/logger.js'
import { Freeze } from '../../src/work/freeze.js'

const LIMIT_MS = 1_000

function freezeOf(assignments: AssignmentTable) {
  let beats = 0
  const answers: ((isOurs: boolean) => void)[] = []
  const log = () => {}
  const freeze = new Freeze({
    assignments,
    logger: { warn: log, info: log } as unknown as Logger,
    limitMs: LIMIT_MS,
    beat: () => beats++,
    prove: () => new Promise((resolve) => answers.push(resolve)),
  })
  return {
    freeze,
    /** How often the broker is being asked. */
    asked: () => answers.length,
    answer: async (isOurs: boolean) => {
      answers.shift()!(isOurs)
      await Promise.resolve()
      await Promise.resolve()
    },
    /** @returns whether the pulse beat */
    tick(stoodStillMs = 100): boolean {
      const before = beats
      freeze.tick(stoodStillMs)
      return beats > before
    },
  }
}

test('the pulse stops when the process stood still, and beats again when the broker has confirmed the assignment', async () => {
  const assignments = new AssignmentTable()
  assignments.assign({ topic: 't', partition: 0 })
  const { tick, answer, asked } = freezeOf(assignments)
  expect(tick(LIMIT_MS)).toBe(true)
  expect(tick(LIMIT_MS + 1)).toBe(false)
  expect(tick()).toBe(false)
  expect(asked()).toBe(1)
  await answer(false)
  expect(tick()).toBe(false)
  expect(tick()).toBe(false)
  await answer(true)
  expect(tick()).toBe(true)
})

test('it beats again when nothing is left of what was assigned then', () => {
  const assignments = new AssignmentTable()
  const { slot } = assignments.assign({ topic: 't', partition: 0 })
  const { tick } = freezeOf(assignments)
  expect(tick(LIMIT_MS + 1)).toBe(false)
  assignments.end(slot)
  assignments.assign({ topic: 't', partition: 0 })
  expect(tick()).toBe(false)
  assignments.end(slot)
  expect(tick()).toBe(true)
})

test('a confirmation from before it stood still once more counts for nothing', async () => {
  const assignments = new AssignmentTable()
  assignments.assign({ topic: 't', partition: 0 })
  const { tick, answer } = freezeOf(assignments)
  tick(LIMIT_MS + 1)
  expect(tick(LIMIT_MS + 1)).toBe(false)
  await answer(true)
  expect(tick()).toBe(false)
})

test('without an assignment there is nothing to doubt', () => {
  expect(freezeOf(new AssignmentTable()).tick(LIMIT_MS + 1)).toBe(true)
})
