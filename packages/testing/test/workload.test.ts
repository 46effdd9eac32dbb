import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { readWorkloadValue, type WorkloadOptions, workload } from '../src/workload.js'

const make = (options: WorkloadOptions) => [...workload(options)]

function shares(options: WorkloadOptions): Map<string | null, number> {
  const counts = new Map<string | null, number>()
  for (const { key } of workload(options)) counts.set(key, (counts.get(key) ?? 0) + 1)
  return counts
}

test('the seed decides everything, on every machine', () => {
  const options = { seed: 7, messages: 500, zipf: 1, keyless: 0.1, valueBytes: [50, 90] } as const
  expect(make(options)).toEqual(make(options))
  expect(make({ ...options, seed: 8 })).not.toEqual(make(options))
  const all = Buffer.concat(make(options).map((r) => r.value))
  expect(createHash('sha256').update(all).digest('hex').slice(0, 16)).toMatchInlineSnapshot(`"d9e3b1f064bd2068"`)
})

test('the records of each key count from 0 without a gap', () => {
  const next = new Map<string | null, number>()
  for (const { key, seq } of workload({ messages: 5000, keys: 50, keyless: 0.2 })) {
    expect(seq).toBe(next.get(key) ?? 0)
    next.set(key, seq + 1)
  }
  expect(next.size).toBe(51)
})

test('a value says whose it is and has the size that was asked for', () => {
  for (const { key, seq, value } of workload({ messages: 200, valueBytes: 120, keyless: 0.1 })) {
    expect(readWorkloadValue(value)).toMatchObject({ key, seq })
    expect(value.length).toBe(120)
  }
  const sizes = make({ messages: 2000, valueBytes: [60, 70] }).map((r) => r.value.length)
  expect(new Set(sizes)).toEqual(new Set([60, 61, 62, 63, 64, 65, 66, 67, 68, 69, 70]))
})

test('without zipf every key has about its even share', () => {
  const counts = [...shares({ messages: 100_000, keys: 100 }).values()]
  expect(counts).toHaveLength(100)
  for (const n of counts) expect(Math.abs(n - 1000)).toBeLessThan(200)
})

test('with zipf 1 the shares fall like 1, 1/2, 1/3', () => {
  const counts = shares({ messages: 200_000, keys: 1000, zipf: 1 })
  const hottest = 200_000 / 7.485 // the 1000th harmonic number
  for (const n of [0, 1, 2, 3]) expect(counts.get(`k${n}`)! / (hottest / (n + 1))).toBeCloseTo(1, 1)
})

test('the share without a key is what was asked for', () => {
  expect(shares({ messages: 100_000, keyless: 0.25 }).get(null)! / 100_000).toBeCloseTo(0.25, 2)
  expect(shares({ messages: 1000 }).get(null)).toBeUndefined()
})
