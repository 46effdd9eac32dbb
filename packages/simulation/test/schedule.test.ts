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
        "breaker": "d7b71d7f 0bdb2983 0e885f85",
        "cooperative": "13fd46fe e418c5b8 722f950f",
        "deaths": "e2db97db 678e542a ef8eb1b8",
        "delay": "eb16e9f2 16a9ebe6 601ea410",
        "eager": "cb63de0f e0eea424 9c0dbaed",
        "failures": "b298139f 98239a20 955db16c",
        "mixed": "b3c952d7 3d732f0b f4786270",
        "rebalance": "c75ecc3a 65ad1ad5 a5f1b316",
        "resets": "51255da1 e43c66b6 4ef6b9de",
        "shutdown": "99f2e3e0 146f2272 e0ebb3ec",
        "skew": "ac7b3803 b9ac7fb9 8d0f9b4f",
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
  const profile = profileOf('rebalance')!
  const failing = Array.from({ length: 300 }, (_, i) => play(profile, 100 + i, { prepare })).find(({ found }) => found)!
  expect(failing.found?.invariant).toBe('I5')
  const shrunk = shrink(profile, failing, prepare)
  expect(shrunk.found?.invariant).toBe('I5')
  expect(shrunk.faulty).toBeLessThan(failing.faulty / 2)
  expect(toStory(profile.name, shrunk)).toContain(`seed ${failing.seed}, profile rebalance: I5: `)
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
