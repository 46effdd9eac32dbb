import { describe, expect, test } from 'vitest'
import { desk } from '../desk.js'

describe('offsets', () => {
  test('a store never passes an unfinished record', () => {
    const work = desk().start()
    work.read([0, 1, 2])
    work.ack([2, 1])
    expect(work.stores()).toEqual(['store 0/0 and 1,3'])
    expect(work.stores()).toEqual([])
    work.ack([0])
    expect(work.stores()).toEqual(['store 0/3'])
    expect(work.stores()).toEqual([])
  })

  test('partitions have watermarks of their own: what is unfinished in one holds no other', () => {
    const work = desk().start(2)
    work.read([1, 2])
    work.read([3], { slot: 1 })
    work.ack([2])
    work.ack([3], 'done', 1)
    expect(work.stores()).toEqual(['store 0/1 and 2,3', 'store 1/4'])
    work.ack([1])
    expect(work.stores()).toEqual(['store 0/3'])
  })

  test('compacted offsets, and a tail without records, leave no phantom lag', () => {
    const work = desk().start()
    work.read([3, 70])
    work.ack([3])
    expect(work.stores()).toEqual(['store 0/70'])
    work.engine.reachedEnd(0, 90)
    expect(work.stores()).toEqual([])
    work.ack([70])
    expect(work.stores()).toEqual(['store 0/90'])
  })

  test('a partition of which nothing is finished stores nothing, an empty one its position', () => {
    const work = desk().start(2)
    work.read([5])
    work.engine.reachedEnd(1, 40)
    expect(work.stores()).toEqual(['store 1/40'])
  })

  test('records of a partition that is not ours are left to its owner, and keep no memory', () => {
    const work = desk().start()
    work.engine.assignments.slotOf({ topic: 'orders', partition: 1 })
    const batch = work.readRecords([
      { slot: 0, offset: 0 },
      { slot: 1, offset: 0 },
      { slot: 1, offset: 1 },
    ])
    expect(work.offsetsSent()).toEqual([0])
    expect([batch.live, batch.released]).toEqual([1, false])
    work.ack([0])
    expect([batch.live, batch.released]).toEqual([0, true])
    expect(work.isEmpty()).toBe(true)
  })

  test('a batch without a record of ours is let go of at once', () => {
    const work = desk().start()
    work.engine.assignments.slotOf({ topic: 'orders', partition: 1 })
    expect(work.readRecords([{ slot: 1, offset: 0 }]).released).toBe(true)
  })

  test('an ack counts once', () => {
    const work = desk().start()
    work.read([0, 1])
    const ended = work.delivery(0)
    work.ackOf(ended)
    work.ackOf(ended)
    expect(work.engine.counters).toMatchObject({ processed: 1, staleAcks: 1 })
    expect(work.engine.window.messages).toBe(1)
  })

  test('a delivery that its thread did not run completes nothing', () => {
    const work = desk().start()
    work.read([0])
    work.ack([0], 'discarded')
    expect(work.stores()).toEqual([])
    expect(work.engine.counters.processed).toBe(0)
    expect(work.isEmpty()).toBe(true)
  })

  test('an ack of a ticket that has been given to another record since completes nothing', () => {
    const work = desk().start()
    work.read([0])
    const ended = work.delivery(0)
    work.ackOf(ended)
    work.read([1])
    expect(work.delivery(1).ticket).toBe(ended.ticket)
    work.ackOf(ended)
    expect(work.stores()).toEqual(['store 0/1'])
    expect(work.engine.counters.staleAcks).toBe(1)
  })

  test('sequence numbers wrap at 32 bits without ever being zero, and deliveries keep their order across it', () => {
    const work = desk({ firstSequence: -3 }).start()
    work.read([0, 1, 2, 3])
    expect(work.sent().map(({ sequence }) => sequence)).toEqual([-2, -1, 1, 2])

    const atTheTop = desk({ firstSequence: 2 ** 31 - 3 }).start()
    atTheTop.read([0, 1, 2, 3])
    expect(atTheTop.sent().map(({ sequence }) => sequence)).toEqual([2 ** 31 - 2, 2 ** 31 - 1, -(2 ** 31), 1 - 2 ** 31])
    atTheTop.engine.threadGone(0)
    atTheTop.engine.threadUp(0)
    expect(atTheTop.offsetsSent()).toEqual([0, 1, 2, 3])
  })
})
