import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { TicketRing } from '../src/ticket-ring.js'

describe('TicketRing', () => {
  test('is a list that grows, wherever its head is', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -3, max: 120 }), { maxLength: 60 }), (steps) => {
        const ring = new TicketRing()
        const list: number[] = []
        let next = 0
        for (const step of steps) {
          for (let i = 0; i < step; i++) {
            ring.push(next)
            list.push(next++)
          }
          for (let i = step; i < 0 && list.length > 0; i++) {
            for (let turn = Math.min(list.length, 40); turn > 0; turn--) expect(ring.shift()).toBe(list.shift())
          }
          expect(ring.length).toBe(list.length)
          for (const at of [0, list.length >> 1, list.length - 1]) {
            if (list.length > 0) expect(ring.at(at)).toBe(list[at])
          }
        }
        ring.clear()
        expect(ring.length).toBe(0)
      }),
      { numRuns: 200 },
    )
  })

  test('takes back what is put before the others, also when it is full', () => {
    fc.assert(
      fc.property(fc.nat({ max: 40 }), fc.nat({ max: 100 }), fc.nat({ max: 100 }), (start, pushed, before) => {
        const ring = new TicketRing()
        for (let i = 0; i < start; i++) {
          ring.push(-1)
          ring.shift()
        }
        for (let i = 0; i < pushed; i++) ring.push(i)
        for (let i = 1; i <= before; i++) ring.unshift(-i)
        const list = Array.from({ length: before + pushed }, (_, i) => i - before)
        expect(list.map(() => ring.shift())).toEqual(list)
        expect(ring.length).toBe(0)
      }),
      { numRuns: 200 },
    )
  })

  test('removing takes what matches, in order, and leaves the others in theirs, also across the end of the ring', () => {
    fc.assert(
      fc.property(fc.nat({ max: 255 }), fc.array(fc.boolean(), { maxLength: 256 }), (start, matches) => {
        const ring = new TicketRing()
        for (let i = 0; i < start; i++) {
          ring.push(-1)
          ring.shift()
        }
        for (let i = 0; i < matches.length; i++) ring.push(i)
        const removed: number[] = []
        ring.remove(
          (item) => matches[item]!,
          (item) => removed.push(item),
        )
        const kept: number[] = []
        while (ring.length > 0) kept.push(ring.shift())
        const all = [...matches.keys()]
        expect(removed).toEqual(all.filter((item) => matches[item]))
        expect(kept).toEqual(all.filter((item) => !matches[item]))
      }),
      { numRuns: 200 },
    )
  })
})
