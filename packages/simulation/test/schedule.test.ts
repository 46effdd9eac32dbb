import { describe, expect, test } from 'vitest'
import { type Profile, profileOf, profiles } from '../src/profiles.js'
import { toStory } from '../src/report.js'
import { play } from '../src/schedule.js'
import { countsOf, playSeeds } from '../src/seeds.js'
import { shrink } from '../src/shrink.js'
import { Code } from '../src/world/group.js'
import type { World } from '../src/world/world.js'

const hashesOf = (profile: Profile) => [1, 2, 3].map((seed) => play(profile, seed).hash.toString(16).padStart(8, '0'))

describe('a seed is a schedule', () => {
  // The same on every machine and under every version of Node. After a change of the engine or of a model: `vitest -u`.
  test('that has the hash which was written down', () => {
    const hashes = () => Object.fromEntries(profiles.map((profile) => [profile.name, hashesOf(profile).join(' ')]))
    expect(hashes()).toEqual(hashes())
    expect(hashes()).toMatchInlineSnapshot(`
      {
        "batches": "7124f10a 91430634 8553ebe9",
        "breaker": "ed5e3cd0 f8457168 8a993c1e",
        "cooperative": "9fa6438c 6b772c5e 7161007c",
        "deaths": "87ec76cd 168957a6 93d9ecf3",
        "delay": "b24da762 7393a0d3 255ccc24",
        "eager": "9fa6438c b28cfdfb 89d95ea5",
        "failures": "c95de6f4 06df96c9 7241e6b3",
        "holes": "8d1a1cfa 06a155fe cee6d566",
        "mixed": "6dd63a3a 214f0e1d e3d19d86",
        "rebalance": "3dce932a 12dc43d6 be56bc2f",
        "resets": "87e04496 d87156e0 aee9cb4e",
        "shutdown": "5ba4af6a 2cdbf812 6bcab4cd",
        "skew": "1fe8f379 cf12b58e 42426ea5",
      }
    `)
  })

  test('with a trace or without', () => {
    const [profile] = profiles as [Profile]
    const traced = play(profile, 5, { tracing: true })
    expect(traced.hash).toBe(play(profile, 5).hash)
    expect(traced.journal.lines().length).toBeGreaterThan(50)
  })

  test('which its decisions tell again', () => {
    for (const profile of profiles) {
      const { decisions, faulty, hash } = play(profile, 4)
      expect(play(profile, 4, { decisions: decisions.slice(0, faulty * 2) }).hash, profile.name).toBe(hash)
    }
  })
})

test('decisions that have become impossible are left out, and break nothing', () => {
  for (const profile of profiles) {
    const { decisions } = play(profile, 6)
    const every = decisions.filter((_, i) => (i >> 1) % 3 !== 0)
    expect(play(profile, 6, { decisions: every }).found, profile.name).toBeUndefined()
  }
})

test('a schedule that breaks an invariant is shrunk to what it takes', () => {
  // A coordinator that takes every commit, of members too that it has given up.
  const prepare = (world: World) => {
    world.group.answer = () => Code.ok
  }
  const profile = profileOf('eager')!
  const failing = Array.from({ length: 300 }, (_, i) => play(profile, 100 + i, { prepare })).find(({ found }) => found)!
  expect(failing.found?.invariant).toBe('I5')
  const shrunk = shrink(profile, failing, prepare)
  expect(shrunk.found?.invariant).toBe('I5')
  expect(shrunk.faulty).toBeLessThan(failing.faulty / 2)
  expect(toStory(profile.name, shrunk)).toContain(`seed ${failing.seed}, profile eager: I5: `)
})

const RACES = [
  ['revoke', 'ack'],
  ['revoke', 'exit'],
  ['ack', 'exit'],
  ['ack', 'old work'],
  ['exit', 'start'],
  ['lost', 'ack'],
  ['shutdown', 'revoke'],
  ['commit', 'revoke'],
  ['assign', 'old work'],
  ['revoke', 'parked'],
  ['shutdown', 'parked'],
  ['exit', 'parked'],
  ['revoke', 'letter'],
  ['shutdown', 'letter'],
  ['exit', 'letter'],
  ['revoke', 'circuit'],
  ['shutdown', 'circuit'],
  ['exit', 'circuit'],
  ['revoke', 'delay'],
  ['shutdown', 'delay'],
] as const

describe('any schedule keeps the guarantees', () => {
  const SEEDS = 2_000
  const FRESH = 2_000
  const first = Math.floor(Date.now() / 1000) * 10

  test(`seeds 1..${SEEDS}`, () => {
    const summary = playSeeds({ from: 1, to: SEEDS }, undefined, () => 0)
    expect(summary.failing && toStory(summary.failing.profile.name, summary.failing.outcome)).toBeUndefined()
    // A world in which nothing goes wrong would prove nothing.
    for (const [happening, condition] of RACES) {
      expect(summary.races.count(happening, condition), `${happening} × ${condition}`).toBeGreaterThan(0)
    }
    for (const [fault, count] of countsOf(summary, 'fault')) expect(count, fault).toBeGreaterThan(0)
  })

  test(`fresh seeds ${first}..${first + FRESH - 1}`, () => {
    const { failing } = playSeeds({ from: first, to: first + FRESH - 1 }, undefined, () => 0)
    expect(failing && toStory(failing.profile.name, failing.outcome)).toBeUndefined()
  })
})
