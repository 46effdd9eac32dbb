import { expect, test } from 'vitest'
import { CompletionMeter } from '../../../src/cli/bench/completion-meter.js'
import { ThroughputWindow } from '../../../src/cli/bench/throughput-window.js'

function started({ messages = 1_000_000, seconds = 1, concurrency = 1 as number | 'auto', lanes = 1 } = {}) {
  // Each look says how busy the threads were since the one before: one at the start of what counts, and one at its end.
  let looks = 0
  const meter = new CompletionMeter({ threads: 1, target: messages, isPaced: false })
  const window = new ThroughputWindow({
    ...{ concurrency, seconds, messages, meter },
    threadsOf: () => {
      looks++
      return [{ busy: 0.5 / looks, concurrency: lanes }]
    },
  })
  const complete = (records: number, micros: number) => {
    for (let i = 0; i < records; i++) meter.completed(0, micros, 0)
  }
  window.assigned(0)
  return { window, complete }
}

test('what completes in the warm-up does not count', () => {
  const { window, complete } = started()
  complete(10, 90_000)
  expect(window.look(1_000)).toBe(false)
  complete(10, 90_000)
  expect(window.look(1_250)).toBe(false)
  complete(100, 4_000)
  expect(window.look(2_000)).toBe(false)
  complete(100, 4_000)
  expect(window.look(2_250)).toBe(true)
  // Too late.
  complete(1_000, 1)
  expect(window.figures(9_000)).toMatchObject({
    perSecond: 200,
    handlerMeanUs: 4_000,
    occupied: [0.8],
    busy: [0.5 / 3],
  })
})

test('a slow handler gets longer, until it has ended forty times; and after five times as long until the next end', () => {
  const { window, complete } = started()
  complete(1, 500_000)
  window.look(500)
  complete(1, 500_000)
  window.look(1_000)
  complete(9, 500_000)
  expect(window.look(2_500)).toBe(false)
  complete(1, 500_000)
  expect(window.look(5_900)).toBe(false)
  complete(1, 500_000)
  expect(window.look(6_000)).toBe(true)
  expect(window.figures(6_000).perSecond).toBeCloseTo(11 / 5, 5)
})

test('handlers that end in waves are counted from wave to wave', () => {
  const { window, complete } = started({ concurrency: 64 })
  for (let wave = 1; wave <= 6; wave++) {
    complete(64, 260_000)
    expect(window.look(wave * 260)).toBe(wave === 6)
    if (wave < 6) expect(window.look(wave * 260 + 255)).toBe(false)
  }
  expect(window.figures(0).perSecond).toBeCloseTo(64 / 0.26, 5)
  expect(window.figures(0).occupied[0]).toBeCloseTo(1, 5)
})

test('where many records go by, the warm-up lasts a second, or a quarter of all records', () => {
  const measured = (meanwhile: number) => {
    const { window, complete } = started()
    complete(10_000, 1)
    window.look(0)
    complete(10_000, 1)
    window.look(250)
    complete(meanwhile, 1)
    window.look(500)
    complete(10_000, 1)
    window.look(1_000)
    complete(1_000, 1)
    expect(window.look(2_000)).toBe(true)
    return window.figures(2_000).perSecond
  }
  expect(measured(230_000)).toBeCloseTo(11_000 / 1.5, 5)
  expect(measured(229_999)).toBeCloseTo(1_000, 5)
})

test('lanes are as many as handlers may be in progress', () => {
  const { window, complete } = started({ concurrency: 10 })
  complete(1, 0)
  window.look(0)
  complete(1, 0)
  window.look(250)
  complete(1_000, 5_000)
  expect(window.look(1_250)).toBe(true)
  expect(window.figures(0).occupied).toEqual([0.5])
})

test('a run that ends before its warm-up counts as a whole', () => {
  const { window, complete } = started()
  complete(500, 10)
  expect(window.figures(100).perSecond).toBeCloseTo(5_000, 5)
})

test('a run that ends without the records that were expected counts up to its last ones, not until it has left its group', () => {
  const { window, complete } = started()
  complete(500, 10)
  window.look(100)
  window.look(900)
  expect(window.figures(1_000).perSecond).toBeCloseTo(5_000, 5)
})

test('a handler that takes longer than all of that is waited for', () => {
  const { window, complete } = started()
  complete(1, 9e6)
  window.look(9_000)
  complete(1, 9e6)
  window.look(18_000)
  expect(window.look(26_000)).toBe(false)
  complete(1, 9e6)
  expect(window.look(27_000)).toBe(true)
  expect(window.figures(27_000).perSecond).toBeCloseTo(1 / 9, 5)
})

test('a run stands still when nothing has completed for half a minute, or for as long as the longest window', () => {
  const { window, complete } = started()
  expect([window.isStalled(29_999), window.isStalled(30_000)]).toEqual([false, true])
  complete(1, 9e6)
  window.look(29_000)
  expect([window.isStalled(58_999), window.isStalled(59_000)]).toEqual([false, true])
  const { window: patient } = started({ seconds: 20 })
  expect([patient.isStalled(99_999), patient.isStalled(100_000)]).toEqual([false, true])
})

test("concurrency 'auto' has three seconds to find its number, and lanes are as many as it came to", () => {
  const { window, complete } = started({ concurrency: 'auto', lanes: 20 })
  complete(1, 0)
  window.look(0)
  complete(900, 5_000)
  expect(window.look(2_900)).toBe(false)
  complete(100, 5_000)
  window.look(3_000)
  complete(900, 5_000)
  expect(window.look(3_900)).toBe(false)
  complete(100, 5_000)
  expect(window.look(4_000)).toBe(true)
  expect(window.figures(0)).toMatchObject({ perSecond: 1_000, occupied: [0.25], autoLanes: 20, busy: [0.5 / 3] })
})
