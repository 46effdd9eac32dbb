import { describe, expect, test } from 'vitest'
import { runWorld } from './world/world.js'

/** ZK_SEED=n runs one schedule; ZK_SCHEDULES=n runs that many. */
const only = process.env.ZK_SEED === undefined ? undefined : Number(process.env.ZK_SEED)
const schedules = Number(process.env.ZK_SCHEDULES ?? 3_000)
const CHUNKS = 6

describe('any schedule keeps the guarantees', () => {
  test.each(Array.from({ length: CHUNKS }, (_, chunk) => chunk))('chunk %i', (chunk) => {
    if (only !== undefined) {
      runWorld(only)
      return
    }
    const seen = { deaths: 0, redelivered: 0, stale: 0, failed: 0 }
    for (let seed = chunk; seed < schedules; seed += CHUNKS) {
      const { counters } = runWorld(seed)
      seen.deaths += counters.threadDeaths
      seen.redelivered += counters.redelivered
      seen.stale += counters.staleAcks
      seen.failed += counters.failed
    }
    // A world without faults would prove nothing.
    for (const [what, count] of Object.entries(seen)) expect(count, what).toBeGreaterThan(0)
  })
})
