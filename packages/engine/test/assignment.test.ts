import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { AssignmentTable } from '../src/assignment.js'

const partition = (n: number) => ({ topic: 'orders', partition: n })

describe('AssignmentTable', () => {
  test('a delivery of an epoch that is over is not found, though the partition is ours again', () => {
    const table = new AssignmentTable()
    const before = table.assign(partition(3))
    table.end(before.slot)
    expect(table.find(before.slot, before.epoch)).toBeUndefined()
    const after = table.assign(partition(3))
    expect(after.slot).toBe(before.slot)
    expect(after.epoch).toBeGreaterThan(before.epoch)
    expect(after.tracker).not.toBe(before.tracker)
    expect(table.find(before.slot, before.epoch)).toBeUndefined()
    expect(table.find(after.slot, after.epoch)).toBe(after)
  })

  test('refuses a partition that is ours already: two trackers of one partition would both store', () => {
    const table = new AssignmentTable()
    table.assign(partition(1))
    expect(() => table.assign(partition(1))).toThrow('orders/1 is assigned already')
  })

  test('partitions of the same number in two topics are two', () => {
    const table = new AssignmentTable()
    const a = table.assign({ topic: 'a', partition: 0 })
    const b = table.assign({ topic: 'b', partition: 0 })
    expect(a.slot).not.toBe(b.slot)
    expect(table.nameOf(b.slot)).toEqual({ topic: 'b', partition: 0 })
  })

  test('slots never change, epochs only rise, and what is ours is exactly what was assigned and not ended', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 4 }), { maxLength: 60 }), (toggles) => {
        const table = new AssignmentTable()
        const ours = new Map<number, { slot: number; epoch: number }>()
        const slots = new Map<number, number>()
        const ended: { slot: number; epoch: number }[] = []
        for (const n of toggles) {
          const mine = ours.get(n)
          if (mine !== undefined) {
            table.end(mine.slot)
            ended.push(mine)
            ours.delete(n)
          } else {
            const { slot, epoch } = table.assign(partition(n))
            expect(slots.get(n) ?? slot).toBe(slot)
            slots.set(n, slot)
            for (const old of ended) if (old.slot === slot) expect(epoch).toBeGreaterThan(old.epoch)
            ours.set(n, { slot, epoch })
          }
          expect([...table].map(({ partition }) => partition).sort()).toEqual([...ours.keys()].sort())
          for (const { slot, epoch } of ended) expect(table.find(slot, epoch)).toBeUndefined()
          for (const { slot, epoch } of ours.values()) expect(table.find(slot, epoch)).toBe(table.at(slot))
        }
        for (const [n, slot] of slots)
          expect([table.slotOf(partition(n)), table.nameOf(slot).partition]).toEqual([slot, n])
      }),
    )
  })
})
