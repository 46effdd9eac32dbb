import { expect, test } from 'vitest'
import { FirstErrors } from '../../../src/cli/bench/first-errors.js'
import type { Logger } from '../../../src/log/logger.js'

function written() {
  const lines: unknown[][] = []
  const logger = { error: (...line: unknown[]) => lines.push(line) } as unknown as Logger
  return { lines, errors: new FirstErrors(logger) }
}

test('of each sentence the first three are written, and in the end how many more there were', () => {
  const { lines, errors } = written()
  for (let offset = 0; offset < 1_000; offset++) errors.logger.error({ offset }, 'The handler failed')
  errors.logger.error('A thread died')
  errors.end()
  expect(lines).toEqual([
    [{ offset: 0 }, 'The handler failed'],
    [{ offset: 1 }, 'The handler failed'],
    [{ offset: 2 }, 'The handler failed'],
    ['A thread died'],
    [{ count: 997 }, '997 more: The handler failed'],
  ])
})

test('a processor whose sentences are never the same does not fill the terminal either', () => {
  const { lines, errors } = written()
  for (let order = 0; order < 1_000; order++) errors.logger.error(`order ${order} failed`)
  errors.end()
  // Twenty kinds, three of the others, and their number.
  expect(lines).toHaveLength(24)
  expect(lines.at(-1)).toEqual([{ count: 977 }, '977 more: errors of other kinds'])
})
