import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Affinity, MOVES, type Ordering, VirtualPartitions } from '../src/virtual-partitions.js'

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

  test('records without a key go to the thread with the least burden', () => {
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

  test('a hot key comes to have its thread to itself', () => {
    const routes = new VirtualPartitions(2, 'key', 'in-flight')
    expect([1, 1, 1].map((hash) => routes.route(0, hash, true))).toEqual([0, 0, 0])
    // Three of one key weigh as much as nine keys.
    expect([2, 3, 4, 5, 6, 7, 8, 9, 10].map((hash) => routes.route(0, hash, true))).toEqual(Array(9).fill(1))
    expect([11, 12].map((hash) => routes.route(0, hash, true))).toEqual([0, 1])
  })

  test('a key that waits leaves the rest of its thread to the others, however much of it there is', () => {
    const one = new VirtualPartitions(2, 'key', 'in-flight')
    for (let i = 0; i < 50_000; i++) one.route(0, 1, true)
    const threadsOf = (routes: VirtualPartitions, keys: number) =>
      Array.from({ length: keys }, (_, i) => routes.route(0, 100 + i, true))
    // It counts as twelve of it do, which is 144.
    expect(threadsOf(one, 146)).toEqual([...Array(144).fill(1), 0, 1])
    const many = new VirtualPartitions(2, 'key', 'in-flight', 16)
    for (let i = 0; i < 50; i++) many.route(0, 1, true)
    // It fills one lane of sixteen: 159 parts, where other keys have sixteen.
    expect(threadsOf(many, 12)).toEqual([...Array(10).fill(1), 0, 1])
  })

  test('no key moves where handlers take batches', () => {
    const routes = metOnOneThread()
    routes.stay()
    expect([routes.route(0, 1, true), routes.route(0, 2, true)]).toEqual([0, 0])
  })

  /** Hot keys on thread 0, four messages each, because thread 1 was full when they came; it is empty now. */
  function metOnOneThread(keys = [1, 2]) {
    const routes = new VirtualPartitions(2, 'key', 'in-flight')
    routes.route(0, 9, true)
    for (let i = 0; i < 8; i++) routes.route(0, 8, true)
    routes.release(0, 0, 9, true)
    for (let i = 0; i < 4; i++) for (const hash of keys) expect(routes.route(0, hash, true)).toBe(0)
    for (let i = 0; i < 8; i++) routes.release(1, 0, 8, true)
    return routes
  }

  test('of two hot keys that have met on a thread one moves, once nothing of it is in flight', () => {
    const routes = metOnOneThread()
    expect(routes.route(0, 1, true)).toBe(MOVES)
    // The other stays, and whatever has come of the one waits for those before it.
    expect(routes.route(0, 2, true)).toBe(0)
    for (let i = 0; i < 4; i++) {
      expect(routes.arrive()).toBe(false)
      expect(routes.route(0, 1, true)).toBe(MOVES)
      routes.release(0, 0, 1, true)
    }
    // Nothing is in flight, but what was held comes first.
    expect(routes.route(0, 1, true)).toBe(MOVES)
    expect(routes.arrive()).toBe(true)
    expect(routes.arrive()).toBe(false)
    expect([routes.route(0, 1, true), routes.route(0, 1, true)]).toEqual([1, 1])
  })

  test('burdens of many lanes and keys do not overflow', () => {
    const routes = new VirtualPartitions(2, 'key', 'in-flight', 100_000)
    for (let hash = 0; hash < 60_000; hash++) routes.route(0, hash, true)
    expect([routes.load(0), routes.load(1)]).toEqual([30_000, 30_000])
  })

  test('a key stays where it is while what stands beside it weighs less than it would find elsewhere', () => {
    const routes = metOnOneThread()
    // Beside either of them are 16: no more than its own four and twice six.
    for (let hash = 20; hash < 26; hash++) routes.route(0, hash, true)
    expect(routes.route(0, 1, true)).toBe(0)
    // One more of the other weighs 25.
    expect(routes.route(0, 2, true)).toBe(MOVES)
  })

  test('all leave a thread but the last, though what the first has in flight there does not end', () => {
    const routes = metOnOneThread([1, 2, 3])
    expect([1, 2, 3].map((hash) => routes.route(0, hash, true))).toEqual([MOVES, MOVES, 0])
  })

  test('never moves a key in flight; burdens follow; an ended key leaves nothing behind', () => {
    const step = fc.record({
      slot: fc.nat({ max: 1 }),
      hash: fc.constantFrom(0, 1, 2 ** 31, 2 ** 32 - 1),
      key: fc.boolean(),
      ends: fc.nat({ max: 2 }),
    })
    fc.assert(
      fc.property(
        fc.constantFrom(...orderings),
        fc.constantFrom(...affinities),
        fc.integer({ min: 1, max: 5 }),
        fc.integer({ min: 1, max: 3 }),
        fc.array(step, { size: 'max', maxLength: 300 }),
        (ordering, affinity, threads, lanes, steps) => {
          const routes = new VirtualPartitions(threads, ordering, affinity, lanes)
          const naive = new NaiveRoutes(ordering, affinity, threads, lanes)
          for (const { slot, hash, key, ends } of steps) {
            const { inFlight } = naive
            if (ends === 0 && inFlight.length > 0) {
              const [ended] = inFlight.splice(hash % inFlight.length, 1) as [Routed]
              routes.release(ended.thread, ended.slot, ended.hash, ended.key)
              if (routes.arrive()) naive.arrived()
            } else {
              const thread = routes.route(slot, hash, key)
              if (thread === MOVES) naive.moving.add(naive.identity(slot, hash, key)!)
              else naive.routed({ slot, hash, key, thread })
            }
            for (let thread = 0; thread < threads; thread++) expect(routes.load(thread)).toBe(naive.load(thread))
          }
          for (const { thread, slot, hash, key } of naive.inFlight) routes.release(thread, slot, hash, key)
          routes.arrive()
          // What was left behind would be a pin, or the burden of a thread: all are alike.
          for (let thread = 0; thread < threads; thread++) {
            expect(routes.load(thread)).toBe(0)
            if (affinity === 'in-flight') expect(routes.route(100 + thread, 0, true)).toBe(thread)
          }
        },
      ),
      { numRuns: 150 },
    )
  })
})

interface Routed {
  slot: number
  hash: number
  key: boolean
  thread: number
}

/** Knows all that is in flight, and counts it anew for each question. */
class NaiveRoutes {
  readonly inFlight: Routed[] = []
  readonly moving = new Set<string>()
  readonly #ordering: Ordering
  readonly #affinity: Affinity
  readonly #threads: number
  readonly #lanes: number

  constructor(ordering: Ordering, affinity: Affinity, threads: number, lanes: number) {
    this.#ordering = ordering
    this.#affinity = affinity
    this.#threads = threads
    this.#lanes = lanes
  }

  /** What moves and has nothing in flight is a key like others. */
  arrived(): void {
    const alive = this.inFlight.map(({ slot, hash, key }) => this.identity(slot, hash, key))
    for (const identity of this.moving) if (!alive.includes(identity)) this.moving.delete(identity)
  }

  /** Checks that the record may go there. */
  routed(record: Routed): void {
    const { slot, hash, key, thread } = record
    const identity = this.identity(slot, hash, key)
    const sibling = this.inFlight.find((other) => this.identity(other.slot, other.hash, other.key) === identity)
    if (identity !== undefined) expect(this.moving).not.toContain(identity)
    if (identity !== undefined && this.#affinity === 'hash') {
      expect(thread).toBe((this.#ordering === 'partition' ? slot : hash) % this.#threads)
    } else if (identity !== undefined && sibling !== undefined) expect(thread).toBe(sibling.thread)
    else expect(this.#burden(thread)).toBe(Math.min(...this.#all((any) => this.#burden(any))))
    this.inFlight.push(record)
  }

  load(thread: number): number {
    return this.inFlight.filter((record) => record.thread === thread).length
  }

  identity(slot: number, hash: number, key: boolean): string | undefined {
    if (this.#ordering === 'partition') return `${slot}`
    return this.#ordering === 'key' && key ? `${slot}:${hash}` : undefined
  }

  #burden(thread: number): number {
    const byKey = new Map<string, number>()
    let burden = 0
    for (const { slot, hash, key } of this.inFlight.filter((record) => record.thread === thread)) {
      const identity = this.#affinity === 'hash' ? undefined : this.identity(slot, hash, key)
      if (identity === undefined) burden += this.#lanes
      else if (!this.moving.has(identity)) byKey.set(identity, (byKey.get(identity) ?? 0) + 1)
    }
    for (const count of byKey.values()) burden += this.#lanes - 1 + Math.min(count, 12) ** 2
    return burden
  }

  #all<T>(of: (thread: number) => T): T[] {
    return Array.from({ length: this.#threads }, (_, thread) => of(thread))
  }
}
