import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Affinity, type Ordering, VirtualPartitions } from '../src/virtual-partitions.js'

const orderings: Ordering[] = ['key', 'partition', 'none']
const affinities: Affinity[] = ['hash', 'in-flight']

describe('VirtualPartitions', () => {
  test("affinity 'hash' gives a key its thread for ever, in every partition", () => {
    const routes = new VirtualPartitions(7, 'key', 'hash')
    for (const hash of [0, 6, 7, 2 ** 32 - 1]) {
      expect(routes.route(0, hash, true)).toBe(hash % 7)
      expect(routes.route(5, hash, true)).toBe(hash % 7)
    }
  })

  test("ordering 'partition' with affinity 'hash' pins a partition, keys or not", () => {
    const routes = new VirtualPartitions(4, 'partition', 'hash')
    expect([routes.route(6, 1, true), routes.route(6, 2, true), routes.route(6, 0, false)]).toEqual([2, 2, 2])
  })

  test('a key that has nothing in flight may go to another thread, one that has may not', () => {
    const routes = new VirtualPartitions(2, 'key', 'in-flight')
    expect(routes.route(0, 1, true)).toBe(0)
    expect(routes.route(0, 2, true)).toBe(1)
    expect(routes.route(0, 2, true)).toBe(1)
    expect(routes.route(0, 1, true)).toBe(0)
    expect(routes.route(0, 1, true)).toBe(0)
    // Thread 0 has three, thread 1 has two: key 1 stays nevertheless.
    expect(routes.route(0, 1, true)).toBe(0)
    for (let i = 0; i < 4; i++) routes.release(0, 0, 1, true)
    routes.route(0, 3, true)
    routes.route(0, 3, true)
    routes.route(0, 3, true)
    expect(routes.route(0, 1, true)).toBe(1)
  })

  test('records without a key go to the least loaded thread', () => {
    for (const affinity of affinities) {
      const routes = new VirtualPartitions(3, 'key', affinity)
      expect([1, 2, 3, 4, 5, 6].map(() => routes.route(0, 0, false)).sort()).toEqual([0, 0, 1, 1, 2, 2])
    }
  })

  test('equal keys of two partitions are two keys', () => {
    const routes = new VirtualPartitions(2, 'key', 'in-flight')
    expect(routes.route(0, 9, true)).toBe(0)
    expect(routes.route(1, 9, true)).toBe(1)
  })

  test('never moves a key in flight; loads return to zero; an ended key leaves no pin behind', () => {
    const step = fc.record({
      slot: fc.nat({ max: 2 }),
      hash: fc.constantFrom(0, 1, 2 ** 31, 2 ** 32 - 1),
      key: fc.boolean(),
    })
    fc.assert(
      fc.property(
        fc.constantFrom(...orderings),
        fc.constantFrom(...affinities),
        fc.integer({ min: 1, max: 5 }),
        fc.array(fc.tuple(step, fc.nat({ max: 2 })), { maxLength: 200 }),
        (ordering, affinity, threads, steps) => {
          const routes = new VirtualPartitions(threads, ordering, affinity)
          const inFlight: { slot: number; hash: number; key: boolean; thread: number; identity: string }[] = []
          const loads = new Array<number>(threads).fill(0)
          const release = (at: number) => {
            const [{ thread, slot, hash, key }] = inFlight.splice(at, 1) as [(typeof inFlight)[number]]
            routes.release(thread, slot, hash, key)
            loads[thread]!--
          }
          for (const [{ slot, hash, key }, action] of steps) {
            if (action === 0 && inFlight.length > 0) release(hash % inFlight.length)
            else {
              const ordered = ordering === 'partition' || (ordering === 'key' && key)
              const identity = !ordered ? 'none' : ordering === 'partition' ? `${slot}` : `${slot}:${hash}`
              const least = Math.min(...loads)
              const thread = routes.route(slot, hash, key)
              const sibling = ordered ? inFlight.find((other) => other.identity === identity) : undefined
              if (sibling !== undefined) expect(thread).toBe(sibling.thread)
              else if (!ordered || affinity === 'in-flight') expect(loads[thread]).toBe(least)
              inFlight.push({ slot, hash, key, thread, identity })
              loads[thread]!++
            }
            for (let thread = 0; thread < threads; thread++) expect(routes.load(thread)).toBe(loads[thread])
          }
          while (inFlight.length > 0) release(0)
          expect(Array.from({ length: threads }, (_, thread) => routes.load(thread))).toEqual(loads.fill(0))
          // A pin left behind would send its key to the old thread; a free key goes to the only idle one.
          if (affinity === 'hash' || ordering === 'none') return
          for (const slot of [0, 1, 2]) {
            for (const hash of [0, 1, 2 ** 31, 2 ** 32 - 1]) {
              for (let idle = 0; idle < threads; idle++) {
                const others: number[] = []
                // Fresh keys fill every thread, then the one to be idle is emptied.
                for (let i = 0; i < threads; i++) others.push(routes.route(100 + i, 0, true))
                routes.release(idle, 100 + others.indexOf(idle), 0, true)
                expect(routes.route(slot, hash, true)).toBe(idle)
                routes.release(idle, slot, hash, true)
                for (const [i, thread] of others.entries())
                  if (thread !== idle) routes.release(thread, 100 + i, 0, true)
              }
            }
          }
        },
      ),
      { numRuns: 200 },
    )
  })
})
