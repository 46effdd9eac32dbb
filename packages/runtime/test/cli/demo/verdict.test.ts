import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import processor, { type CheckOptions, checkValue } from '../../../src/cli/demo/check-processor.js'
import { type CheckedRun, conclude, type Tally, tally } from '../../../src/cli/demo/verdict.js'
import type { Message, ProcessContext } from '../../../src/processor-types.js'

const MESSAGES = 4

/** What the demo's processor counts when it is given these messages of one key, by their numbers, in this order. */
function processed(numbers: readonly number[]): Tally {
  const options: CheckOptions = {
    passes: 1,
    times: new SharedArrayBuffer(MESSAGES * 4),
    due: new SharedArrayBuffer(4),
    outOfOrder: new SharedArrayBuffer(4),
  }
  const state = processor.setup({ index: 0, options, log: undefined as never })
  for (const n of numbers) {
    const rawValue = checkValue(n, 0, n, 20)
    processor.process({ rawValue } as Message, { state } as unknown as ProcessContext<typeof state>)
  }
  return tally(options)
}

test.each([
  [[0, 1, 2, 3], { lost: 0, duplicates: 0, outOfOrder: 0 }],
  [[0, 1, 3], { lost: 1, duplicates: 0, outOfOrder: 1 }],
  [[0, 1, 2, 2, 3], { lost: 0, duplicates: 1, outOfOrder: 1 }],
  [[0, 2, 1, 3], { lost: 0, duplicates: 0, outOfOrder: 3 }],
])('of the messages %j it counts what is missing, repeated and out of order', (numbers, counts) => {
  expect(processed(numbers)).toEqual(counts)
})

describe('the verdict', () => {
  let printed: string[]
  beforeEach(() => {
    printed = []
    vi.spyOn(console, 'log').mockImplementation((line: string) => void printed.push(line))
  })
  afterEach(() => vi.restoreAllMocks())

  const run = (counts: Partial<Tally>, perSecond: number): CheckedRun => ({
    ...{ speedup: 1, concurrency: 1, messages: MESSAGES, seconds: 1, perSecond, busy: 1, failed: 0 },
    ...{ lost: 0, duplicates: 0, outOfOrder: 0, ...counts },
  })

  test('of runs without a fault is no error, however slow the second one is', () => {
    conclude([run({}, 100), run({}, 50)], false)
    expect(printed.join('\n')).toContain('Every message was processed exactly once, and each key in order.')
  })

  test.each([
    [{ lost: 1 }, 'NOT exactly once'],
    [{ outOfOrder: 1 }, 'NOT in order'],
  ])('of a run with %j says so and fails', (fault, sentence) => {
    expect(() => conclude([run({}, 100), run(fault, 200)], false)).toThrow(
      expect.objectContaining({ code: 'ZK_INTERNAL' }),
    )
    expect(printed.join('\n')).toContain(sentence)
  })
})
