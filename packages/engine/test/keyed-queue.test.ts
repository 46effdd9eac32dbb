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

  test('agrees with a list per key under any arrivals and ends', () => {
    // A key below zero is none; an operand above 5 ends one of the running items, else an item arrives.
    const step = fc.record({ key: fc.integer({ min: -1, max: 4 }), operand: fc.nat({ max: 10 }) })
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5 }), fc.array(step, { maxLength: 300 }), (concurrency, steps) => {
        const queue = new KeyedQueue(concurrency)
        const model = new Map<number, number[]>()
        const running: { key: number; item: number }[] = []
        const keyOf: number[] = []
        const ended: number[] = []
        const take = () => {
          for (let item = queue.take(); item !== -1; item = queue.take()) {
            const key = keyOf[item]!
            const list = model.get(key)!
            // FIFO per key; items without a key are FIFO among themselves.
            expect(list.shift()).toBe(item)
            if (key !== NO_KEY) expect(running.map((other) => other.key)).not.toContain(key)
            running.push({ key, item })
            expect(running.length).toBeLessThanOrEqual(concurrency)
          }
          // Nothing is held back without a reason: all lanes are busy, or all that waits has its key running.
          if (running.length < concurrency) {
            for (const [key, list] of model) {
              if (list.length > 0) expect(key !== NO_KEY && running.some((other) => other.key === key)).toBe(true)
            }
          }
          expect(queue.running).toBe(running.length)
          expect(queue.queued).toBe(keyOf.length - running.length - ended.length)
        }
        const end = (at: number) => {
          const [{ key, item }] = running.splice(at, 1) as [{ key: number; item: number }]
          ended.push(item)
          queue.done(key)
        }
        for (const { key, operand } of steps) {
          if (operand > 5 && running.length > 0) end(operand % running.length)
          else {
            const item = keyOf.push(key < 0 ? NO_KEY : key) - 1
            const list = model.get(keyOf[item]!) ?? []
            model.set(keyOf[item]!, list)
            list.push(item)
            queue.push(keyOf[item]!, item)
          }
          take()
        }
        while (running.length > 0) {
          end(0)
          take()
        }
        expect(ended.length).toBe(keyOf.length)
        expect([queue.running, queue.queued]).toEqual([0, 0])
      }),
      { numRuns: 300 },
    )
  })
})
