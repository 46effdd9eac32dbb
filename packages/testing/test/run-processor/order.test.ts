import { describe, expect, test } from 'vitest'
import { runProcessor } from '../../src/run-processor.js'

/** A promise that the test settles. */
function gate() {
  let open = (): void => {}
  const promise = new Promise<void>((resolve) => {
    open = resolve
  })
  return { promise, open }
}

describe('order', () => {
  async function trace(keys: (string | null)[], concurrency: number): Promise<string[]> {
    const events: string[] = []
    const doors = keys.map(() => gate())
    const running = runProcessor(
      {
        async process({ offset }) {
          events.push(`start ${offset}`)
          await doors[offset]!.promise
          events.push(`end ${offset}`)
        },
      },
      keys.map((key) => ({ key })),
      { concurrency },
    )
    // Opened from the back: whatever may run at once ends in the wrong order.
    for (const door of doors.toReversed()) {
      door.open()
      await new Promise(setImmediate)
    }
    await running
    return events
  }

  test('records of one key never overlap, those of different keys do', async () => {
    expect(await trace(['a', 'a', 'b'], 3)).toEqual([...['start 0', 'start 2', 'end 2', 'end 0', 'start 1', 'end 1']])
  })

  test('no more than `concurrency` run at once', async () => {
    expect((await trace(['a', 'b', 'c'], 2)).slice(0, 2)).toEqual(['start 0', 'start 1'])
    expect(await trace(['a', 'b', 'c'], 1)).toEqual(['start 0', 'end 0', 'start 1', 'end 1', 'start 2', 'end 2'])
  })

  test.each([0, -1, 1.5, Number.NaN])('a concurrency of %d is refused: it would run nothing', async (concurrency) => {
    await expect(runProcessor({ process() {} }, [{}], { concurrency })).rejects.toThrow(
      'expected a whole number from 1',
    )
  })

  test('records without a key wait for none', async () => {
    expect((await trace([null, null, null], 3)).slice(0, 3)).toEqual(['start 0', 'start 1', 'start 2'])
  })

  test('an empty key is a key', async () => {
    expect((await trace(['', ''], 2)).slice(0, 2)).toEqual(['start 0', 'end 0'])
  })
})
