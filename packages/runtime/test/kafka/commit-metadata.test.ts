import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decodeFinished, encodeFinished, MAX_METADATA_BYTES } from '../../src/kafka/commit-metadata.js'

/** An offset, and ranges above it that do not touch. */
const finished = fc
  .record({
    offset: fc.nat({ max: 2 ** 40 }),
    distances: fc.array(fc.tuple(fc.integer({ min: 1, max: 2 ** 33 }), fc.integer({ min: 1, max: 5_000 })), {
      maxLength: 40,
    }),
  })
  .map(({ offset, distances }) => {
    const ranges: number[] = []
    for (const [gap, length] of distances) {
      const from = (ranges.at(-1) ?? offset) + gap
      ranges.push(from, from + length)
    }
    return { offset, ranges }
  })

describe('what is finished above a commit', () => {
  test('comes back as it went', () => {
    fc.assert(
      fc.property(finished, ({ offset, ranges }) => {
        const text = encodeFinished(offset, ranges)
        if (ranges.length === 0) expect(text).toBe('')
        else expect(decodeFinished(offset, text)).toEqual(ranges)
      }),
    )
  })

  test('is cut to its lowest ranges where a broker would not take it', () => {
    const ranges = Array.from({ length: 20_000 }, (_, i) => 10 + i * 3 + (i % 2))
    const text = encodeFinished(0, ranges)
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(MAX_METADATA_BYTES)
    const kept = decodeFinished(0, text)!
    expect(kept.length).toBeGreaterThan(3_000)
    expect(ranges.slice(0, kept.length)).toEqual(kept)
    expect(encodeFinished(0, ranges, 4)).toBe('')
  })

  test('of somebody else is left alone, and damage says nothing', () => {
    for (const text of [null, '', 'AgAAAYq', 'zk2:AQE', 'zk1:gA', 'zk1:AQ', 'zk1:AQAB', 'e1:zk1:']) {
      expect(decodeFinished(5, text) ?? [], String(text)).toEqual([])
    }
    fc.assert(
      fc.property(fc.string({ unit: 'binary-ascii' }), (text) => {
        const ranges = decodeFinished(5, `zk1:${text}`) ?? []
        for (let i = 1; i < ranges.length; i++) expect(ranges[i]).toBeGreaterThan(ranges[i - 1]!)
      }),
    )
  })
})
