import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { KeyedQueue, NO_KEY } from '../src/keyed-queue.js'

describe('KeyedQueue', () => {
  test('two items of one key never run at once, those of two keys do', () => {
    const queue = new KeyedQueue(4)
    queue.push(1, 10)
    queue.push(1, 11)
    queue.push(2, 20)
    expect([queue.take(), queue.take(), queue.take()]).toEqual([10, 20, -1])
    queue.done(1)
    expect(queue.take()).toBe(11)
  })

  test('items without a key wait for nobody', () => {
    const queue = new KeyedQueue(3)
    for (const item of [1, 2, 3, 4]) queue.push(NO_KEY, item)
    expect([queue.take(), queue.take(), queue.take(), queue.take()]).toEqual([1, 2, 3, -1])
  })

  test('what may be taken together is ready or behind what is ready, and not behind a key that runs or is parked', () => {
    const queue = new KeyedQueue(Number.POSITIVE_INFINITY)
    const keyOf = (item: number) => Math.floor(item / 10)
    const has = (enough: number) => queue.hasTogether(enough, keyOf)
    for (const item of [10, 11, 12, 20]) queue.push(keyOf(item), item)
    expect([has(4), has(5)]).toEqual([true, false])
    expect(queue.take()).toBe(10)
    expect([has(1), has(2)]).toEqual([true, false])
    queue.park(1)
    queue.push(2, 21)
    expect([has(2), has(3)]).toEqual([true, false])
    queue.unpark(1, 10)
    expect([has(5), has(6)]).toEqual([true, false])
    queue.push(NO_KEY, 0)
    expect(has(6)).toBe(true)
  })

  test('with one lane everything is serial in arrival order', () => {
    const queue = new KeyedQueue(1)
    queue.push(1, 10)
    queue.push(2, 20)
    queue.push(1, 11)
    const order: number[] = []
    for (const key of [1, 2, 1]) {
      order.push(queue.take())
      expect(queue.take()).toBe(-1)
      queue.done(key)
    }
    expect(order).toEqual([10, 20, 11])
  })

  test('a hot key takes turns: one of its items, then everything that became ready before the next', () => {
    const queue = new KeyedQueue(2)
    for (let item = 0; item < 100; item++) queue.push(1, item)
    for (let key = 2; key < 12; key++) queue.push(key, 1_000 + key)
    const taken: number[] = []
    // Always both lanes busy; whoever was taken first ends first.
    const running = [queue.take(), queue.take()]
    while (taken.length < 20) {
      const item = running.shift()!
      taken.push(item)
      queue.done(item < 1_000 ? 1 : item - 1_000)
      running.push(queue.take())
    }
    expect(taken.filter((item) => item >= 1_000)).toHaveLength(10)
    // The nine other keys stand in line before the hot key's second item.
    expect(taken.slice(0, 12)).toEqual([0, 1002, 1003, 1004, 1005, 1006, 1007, 1008, 1009, 1010, 1011, 1])
  })

  test('a key that is not in progress cannot be done', () => {
    expect(() => new KeyedQueue(2).done(7)).toThrow('not in progress')
  })

  test('a key that never runs dry does not keep its past in memory', () => {
    setFlagsFromString('--expose-gc')
    const collect = runInNewContext('gc') as () => void
    const queue = new KeyedQueue(2)
    for (let i = 0; i < 8; i++) queue.push(1, i)
    const turn = (rounds: number) => {
      for (let i = 0; i < rounds; i++) {
        queue.push(1, i)
        queue.take()
        queue.done(1)
      }
    }
    turn(100_000)
    collect()
    const before = process.memoryUsage().heapUsed
    turn(2_000_000)
    collect()
    expect(queue.queued).toBe(8)
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(2 * 1024 * 1024)
  })

  test('a parked item holds no lane, and nothing of its key is taken before it', () => {
    const queue = new KeyedQueue(1, true)
    queue.push(1, 10)
    queue.push(1, 11)
    queue.push(2, 20)
    expect(queue.take()).toBe(10)
    queue.park(1)
    expect([queue.running, queue.parked, queue.queued]).toEqual([0, 1, 2])
    expect(queue.take()).toBe(20)
    queue.done(2)
    expect(queue.take()).toBe(-1)
    queue.unpark(1, 10)
    expect(queue.take()).toBe(10)
    queue.done(1)
    expect(queue.take()).toBe(11)
  })

  test('a parked item without a key holds up nobody', () => {
    const queue = new KeyedQueue(1)
    for (const item of [1, 2]) queue.push(NO_KEY, item)
    expect(queue.take()).toBe(1)
    queue.park(NO_KEY)
    expect(queue.take()).toBe(2)
    queue.unpark(NO_KEY, 1)
    expect(queue.take()).toBe(-1)
    queue.done(NO_KEY)
    expect(queue.take()).toBe(1)
  })

  test('where keys are not kept apart, an item with one cannot be parked: others of its key would overtake it', () => {
    const queue = new KeyedQueue(1)
    queue.push(1, 10)
    queue.take()
    expect(() => queue.park(1)).toThrow('not in progress')
  })

  test('what waits behind an item can be withdrawn, in order, and what stays goes on behind it', () => {
    const queue = new KeyedQueue(2)
    for (const item of [10, 11, 12, 13]) queue.push(1, item)
    queue.push(2, 20)
    queue.take()
    queue.park(1)
    const gone: number[] = []
    queue.withdraw(
      1,
      (item) => item < 13,
      (item) => gone.push(item),
    )
    expect(gone).toEqual([11, 12])
    queue.release(1)
    expect([queue.take(), queue.take(), queue.take()]).toEqual([20, 13, -1])
    queue.done(1)
    queue.done(2)
    expect([queue.running, queue.parked, queue.queued]).toEqual([0, 0, 0])
  })

  test('items of one key can be taken together, and the next of it follows when all of them are done', () => {
    const queue = new KeyedQueue(9)
    for (const item of [10, 11, 12]) queue.push(1, item)
    queue.push(2, 20)
    expect([queue.take(), queue.takeBehind(1), queue.takeBehind(1)]).toEqual([10, 11, 12])
    expect([queue.takeBehind(1), queue.running, queue.queued]).toEqual([-1, 3, 1])
    queue.push(1, 13)
    queue.done(1)
    queue.done(1)
    expect([queue.take(), queue.take()]).toEqual([20, -1])
    queue.done(1)
    expect(queue.take()).toBe(13)
    expect(queue.takeBehind(NO_KEY)).toBe(-1)
  })

  test('those that are put back wait behind the first again, in their order and before what came later', () => {
    const queue = new KeyedQueue(9)
    for (const item of [10, 11, 12, 13]) queue.push(1, item)
    queue.take()
    queue.takeBehind(1)
    queue.takeBehind(1)
    queue.putBehind(1, [11, 12])
    expect([queue.running, queue.queued]).toEqual([1, 3])
    queue.park(1)
    expect(queue.take()).toBe(-1)
    queue.unpark(1, 10)
    const order: number[] = []
    for (let item = queue.take(); item >= 0; item = queue.take()) {
      order.push(item)
      queue.done(1)
    }
    expect([order, queue.running, queue.queued, queue.parked]).toEqual([[10, 11, 12, 13], 0, 0, 0])
  })

  test('a ready item can be parked before it is taken', () => {
    const queue = new KeyedQueue(1, true)
    for (const item of [10, 11]) queue.push(1, item)
    queue.push(2, 20)
    const parked: number[] = []
    queue.parkReady(
      (item) => item === 10,
      (item) => parked.push(item),
    )
    expect([parked, queue.parked, queue.queued]).toEqual([[10], 1, 2])
    expect(queue.take()).toBe(20)
    queue.release(1)
    queue.done(2)
    expect(queue.take()).toBe(11)
  })

  test('with fewer lanes than before, what runs goes on, and nothing starts until they are as few', () => {
    const queue = new KeyedQueue(3)
    for (const item of [1, 2, 3, 4, 5]) queue.push(item, item)
    expect([queue.take(), queue.take(), queue.take()]).toEqual([1, 2, 3])
    queue.concurrency = 2
    queue.done(1)
    expect([queue.running, queue.take()]).toEqual([2, -1])
    queue.done(2)
    expect([queue.take(), queue.take()]).toEqual([4, -1])
    queue.concurrency = 3
    expect(queue.take()).toBe(5)
  })

  test('agrees with a list per key under any arrivals, ends, pauses and withdrawals', () => {
    // A key below zero is none.
    const actions = [
      'push',
      'push',
      'push',
      'done',
      'done',
      'park',
      'unpark',
      'parkReady',
      'handBack',
      'lanes',
    ] as const
    const step = fc.record({
      action: fc.constantFrom(...actions),
      key: fc.integer({ min: -1, max: 4 }),
      at: fc.nat({ max: 100 }),
    })
    const run = fc.record({
      lanes: fc.integer({ min: 1, max: 5 }),
      keyed: fc.boolean(),
      steps: fc.array(step, { maxLength: 300 }),
    })
    fc.assert(
      fc.property(run, ({ lanes: given, keyed: isKeyed, steps }) => {
        let lanes = given
        const keyed = lanes > 1 || isKeyed
        const queue = new KeyedQueue(lanes, keyed)
        /** Per key what has arrived and was not let go of, in order; the head of a real key may be taken or parked. */
        const lists = new Map<number, number[]>()
        const keyOf: number[] = []
        const running: number[] = []
        const parked: number[] = []
        /** Unparked and not taken again: they come before the others of their key. */
        const again = new Set<number>()
        const letGo = (item: number) => {
          const list = lists.get(keyOf[item]!)!
          list.splice(list.indexOf(item), 1)
        }
        const isTaken = (item: number) => running.includes(item) || parked.includes(item)
        const take = () => {
          for (let item = queue.take(); item !== -1; item = queue.take()) {
            const list = lists.get(keyOf[item]!)!
            expect(isTaken(item)).toBe(false)
            // A key's item is its oldest, and none of them is running or parked. Without a key: FIFO but for retries.
            if (keyOf[item] !== NO_KEY) expect(list[0]).toBe(item)
            else if (!again.has(item)) expect(list.find((one) => !isTaken(one) && !again.has(one))).toBe(item)
            again.delete(item)
            running.push(item)
            expect(running.length).toBeLessThanOrEqual(lanes)
          }
          // Nothing is held back without a reason: all lanes are busy, or all that waits has its key running or parked.
          if (running.length < lanes) {
            for (const [key, list] of lists) {
              const waits = list.filter((item) => !isTaken(item))
              if (waits.length > 0) expect(key !== NO_KEY && isTaken(list[0]!)).toBe(true)
            }
          }
          const waiting = [...lists.values()].flat().length - running.length - parked.length
          expect([queue.running, queue.parked, queue.queued]).toEqual([running.length, parked.length, waiting])
        }
        const act = ({ action, key, at }: { action: (typeof actions)[number]; key: number; at: number }) => {
          const pick = (from: number[]) => (from.length === 0 ? undefined : from.splice(at % from.length, 1)[0]!)
          if (action === 'push') {
            const item = keyOf.push(key < 0 ? NO_KEY : key) - 1
            lists.set(keyOf[item]!, [...(lists.get(keyOf[item]!) ?? []), item])
            queue.push(keyOf[item]!, item)
          } else if (action === 'done') {
            const item = pick(running)
            if (item === undefined) return
            letGo(item)
            queue.done(keyOf[item]!)
          } else if (action === 'park' && running.length > 0) {
            if (!keyed && keyOf[running[at % running.length]!] !== NO_KEY) return
            const item = pick(running)!
            parked.push(item)
            queue.park(keyOf[item]!)
          } else if (action === 'lanes' && keyed) {
            lanes = 1 + (at % 5)
            queue.concurrency = lanes
          } else if (action === 'unpark') {
            const item = pick(parked)
            if (item === undefined) return
            again.add(item)
            queue.unpark(keyOf[item]!, item)
          } else if (action === 'parkReady' && keyed) {
            queue.parkReady(
              (item) => item % 7 === at % 7,
              (item) => {
                again.delete(item)
                parked.push(item)
              },
            )
          } else if (action === 'handBack') {
            const item = pick(parked)
            if (item === undefined) return
            const behind = (lists.get(keyOf[item]!) ?? []).filter((one) => one !== item && one % 2 === at % 2)
            const gone: number[] = []
            queue.withdraw(
              keyOf[item]!,
              (one) => one % 2 === at % 2,
              (one) => gone.push(one),
            )
            if (keyOf[item] !== NO_KEY) expect(gone).toEqual(behind)
            for (const one of [...gone, item]) letGo(one)
            queue.release(keyOf[item]!)
          }
        }
        for (const one of steps) {
          act(one)
          take()
        }
        while (running.length + parked.length > 0) {
          act({ action: 'unpark', key: 0, at: 0 })
          take()
          act({ action: 'done', key: 0, at: 0 })
          take()
        }
        expect([queue.running, queue.parked, queue.queued]).toEqual([0, 0, 0])
      }),
      { numRuns: 500 },
    )
  })
})
