import { OffsetTracker } from '@zk/engine'
import { expect, test } from 'vitest'
import { NaiveTracker } from '../src/naive-tracker.js'

test('both sides of the tracker suite do the same work: their watermarks agree, in any order, with gaps', () => {
  const own = new OffsetTracker()
  const naive = new NaiveTracker()
  const open: { offset: number; ticket: number }[] = []
  let offset = 0
  let seed = 1
  const chance = (below: number) => {
    seed = (seed * 48_271) % 2_147_483_647
    return seed % below
  }
  for (let step = 0; step < 20_000; step++) {
    if (open.length < 3_000 && chance(2) === 0) {
      offset += 1 + (chance(10) === 0 ? 5 : 0)
      open.push({ offset, ticket: own.open(offset) })
      naive.open(offset)
    } else if (open.length > 0) {
      const [ended] = open.splice(chance(open.length), 1)
      own.finish(ended!.ticket)
      naive.finish(ended!.offset)
    }
    if (open.length > 0) expect(naive.watermark).toBe(own.watermark)
  }
  expect(offset).toBeGreaterThan(5_000)
})
