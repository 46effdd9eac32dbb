import { describe, expect, test } from 'vitest'
import type { RunFigures, Way } from '../../../src/cli/bench/figures.js'
import { measureWays, type PlanOptions } from '../../../src/cli/bench/plan.js'
import { run } from './points.js'

/** Measures by a formula, and writes down in which order. */
async function plan(figuresOf: (way: Way) => Partial<RunFigures> | Promise<never>, options: Partial<PlanOptions> = {}) {
  const order: string[] = []
  const { points, lost } = await measureWays({
    ...{ speedups: [1, 2], concurrencies: [1, 4, 16, 64], isSelective: true, repeats: 1 },
    run: async (way, { round }) => {
      order.push(`${round}:${way.speedup}×${way.concurrency}`)
      return run(await figuresOf(way))
    },
    ...options,
  })
  const told = lost.map(({ speedup, concurrency, error }) => `${speedup}×${concurrency}: ${error.message}`)
  return { order, lost: told, ways: points.map(({ speedup, concurrency, runs }) => [speedup, concurrency, runs]) }
}

test('a thread that is busy with one handler at a time is not given more', async () => {
  const { order } = await plan(({ speedup }) => ({ perSecond: speedup * 1_000, busy: [0.95] }))
  expect(order).toEqual(['1:1×1', '1:2×1'])
})

test('concurrency is raised for as long as it gains a tenth, and each speedup finds its own', async () => {
  const most = { 1: 4, 2: 16 } as Record<number, number>
  const { order } = await plan(({ speedup, concurrency }) => ({
    perSecond: Math.min(Number(concurrency), most[speedup]!) * 100,
    busy: [0.1],
  }))
  expect(order).toEqual(['1:1×1', '1:1×4', '1:1×16', '1:2×1', '1:2×4', '1:2×16', '1:2×64'])
})

test('concurrency is not raised further where more messages fail', async () => {
  const { order } = await plan(
    ({ concurrency }) => ({ perSecond: Number(concurrency) * 100, busy: [0.1], failed: concurrency === 16 ? 400 : 0 }),
    { speedups: [1] },
  )
  expect(order).toEqual(['1:1×1', '1:1×4', '1:1×16'])
})

test('but is where that is chance, as of few messages', async () => {
  const failed = { 1: 5, 4: 23, 16: 125, 64: 452 } as Record<number, number>
  const { order } = await plan(
    ({ concurrency }) => ({
      ...{ perSecond: Number(concurrency) * 100, busy: [0.1] },
      ...{ messages: Number(concurrency) * 240, failed: failed[Number(concurrency)]! },
    }),
    { speedups: [1] },
  )
  expect(order).toEqual(['1:1×1', '1:1×4', '1:1×16', '1:1×64'])
})

test('a way that fails fast keeps none of the others from being measured again', async () => {
  const rates = { 1: 100, 4: 350, 16: 1_000, 64: 5_000 } as Record<number, number>
  const { ways } = await plan(
    ({ concurrency }) => ({
      ...{ perSecond: rates[Number(concurrency)]!, busy: [0.1] },
      failed: concurrency === 64 ? 400 : 0,
    }),
    { speedups: [1], repeats: 3 },
  )
  expect(ways).toEqual([
    [1, 1, 3],
    [1, 4, 1],
    [1, 16, 3],
    [1, 64, 1],
  ])
})

test('what may be the best is measured again, forwards and backwards in turn; of the others only the first', async () => {
  const rates = { '1×1': 100, '1×4': 350, '2×1': 200, '2×4': 450 } as Record<string, number>
  const { order, ways } = await plan(
    ({ speedup, concurrency }) => ({ perSecond: rates[`${speedup}×${concurrency}`]!, busy: [0.1] }),
    { concurrencies: [1, 4], repeats: 3 },
  )
  expect(order.slice(4)).toEqual(['2:2×4', '2:1×4', '2:1×1', '3:1×1', '3:1×4', '3:2×4'])
  expect(ways).toEqual([
    [1, 1, 3],
    [1, 4, 3],
    [2, 1, 1],
    [2, 4, 3],
  ])
})

test('what comes out close to the best is measured twice more', async () => {
  const rates = { '1×1': 100, '1×4': 430, '2×1': 200, '2×4': 450 } as Record<string, number>
  const { order, ways } = await plan(
    ({ speedup, concurrency }) => ({ perSecond: rates[`${speedup}×${concurrency}`]!, busy: [0.1] }),
    { concurrencies: [1, 4], repeats: 2 },
  )
  expect(order.slice(7)).toEqual(['3:1×4', '3:2×4', '4:2×4', '4:1×4'])
  expect(ways).toEqual([
    [1, 1, 2],
    [1, 4, 4],
    [2, 1, 1],
    [2, 4, 4],
  ])
})

test('lists that were given are measured as they are, each way as often', async () => {
  const { ways } = await plan(() => ({ busy: [1] }), { isSelective: false, concurrencies: [1, 4], repeats: 2 })
  expect(ways).toEqual([
    [1, 1, 2],
    [1, 4, 2],
    [2, 1, 2],
    [2, 4, 2],
  ])
})

describe('a way whose run fails', () => {
  const died = () => Promise.reject(new Error('died'))

  test('is left out, is not raised further, and what else was measured stays', async () => {
    const { order, ways, lost } = await plan(
      ({ speedup, concurrency }) =>
        speedup === 1 && concurrency === 16 ? died() : { perSecond: 100 * Number(concurrency), busy: [0.1] },
      { concurrencies: [1, 4, 16, 64] },
    )
    expect(order).toEqual(['1:1×1', '1:1×4', '1:1×16', '1:2×1', '1:2×4', '1:2×16', '1:2×64'])
    expect(ways.map(([speedup, concurrency]) => `${speedup}×${concurrency}`)).not.toContain('1×16')
    expect(lost).toEqual(['1×16: died'])
  })

  test('in a later round is left out too, and not run again', async () => {
    let runs = 0
    const { order, ways, lost } = await plan(({ concurrency }) => (concurrency === 4 && ++runs === 2 ? died() : {}), {
      ...{ speedups: [1], concurrencies: [1, 4], isSelective: false, repeats: 3 },
    })
    expect(order).toEqual(['1:1×1', '1:1×4', '2:1×4', '2:1×1', '3:1×1'])
    expect([ways, lost]).toEqual([[[1, 1, 3]], ['1×4: died']])
  })

  test('where lists were given, is no reason not to run the others', async () => {
    const { ways } = await plan(({ concurrency }) => (concurrency === 4 ? died() : {}), {
      ...{ speedups: [1], concurrencies: [1, 4, 16], isSelective: false },
    })
    expect(ways.map(([, concurrency]) => concurrency)).toEqual([1, 16])
  })

  test('is the error of all where nothing was measured: the first asks least', async () => {
    await expect(plan(died)).rejects.toThrow('died')
    let runs = 0
    const once = () => (++runs === 1 ? {} : died())
    await expect(plan(once, { speedups: [1], concurrencies: [1], repeats: 2 })).rejects.toThrow('died')
  })
})
