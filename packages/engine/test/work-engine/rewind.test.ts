import { describe, expect, test } from 'vitest'
import { desk } from '../desk.js'

describe('a partition that is set back', () => {
  test('begins a new epoch: acks of the first reading complete nothing of the second', () => {
    const work = desk().start()
    work.read([10, 11])
    work.ack([10])
    const old = work.delivery(11)
    work.read([5, 6])
    expect(work.delivery(5).epoch).toBe(2)
    work.ackOf(old)
    work.ack([5])
    expect(work.stores()).toEqual(['store 0/6'])
    work.ack([6])
    expect(work.isEmpty()).toBe(true)
  })

  test('within one batch: what the batch brought before is dropped, and the batch knows how many records live', () => {
    const work = desk()
    work.assign(0)
    const batch = work.read([10, 11, 10, 11])
    expect(batch.live).toBe(2)
    work.engine.threadUp(0)
    expect(work.offsetsSent()).toEqual([10, 11])
    work.ack([10, 11])
    expect(batch.live).toBe(0)
    expect(work.isEmpty()).toBe(true)
  })

  test('lets what waited behind it into the window, with no ack to come', () => {
    const work = desk({ window: { minMessages: 2, maxMessages: 2, maxBytes: 1_000 } })
    work.assign(0, 1)
    work.read([10, 11])
    work.read([0], { slot: 1 })
    work.read([5])
    work.engine.threadUp(0)
    expect(work.sent().map(({ slot, offset }) => [slot, offset])).toEqual([
      [0, 5],
      [1, 0],
    ])
  })

  test('while its reading is stopped, is read on when its span allows', () => {
    const work = desk({ maxUncommittedRecords: 2 }).start(2)
    // The second partition in between makes the engine look at the span of the first.
    work.readRecords([
      { slot: 0, offset: 10 },
      { slot: 0, offset: 11 },
      { slot: 1, offset: 0 },
      { slot: 0, offset: 5 },
    ])
    expect(work.calls().filter((call) => /^(pause|resume)/.test(call))).toEqual(['pause 0', 'resume 0'])
  })

  test('while its reading is stopped, and that is assigned anew, is read', () => {
    const work = desk({ maxUncommittedRecords: 2 }).start(2)
    work.read([10, 11, 12])
    work.ack([11])
    expect(work.calls()).toContain('pause 0')
    work.read([11])
    expect(work.calls().filter((call) => /^(restart|resume)/.test(call))).toEqual(['resume 0', 'restart 0/10'])
  })

  test('while it drains, starts nothing any more', () => {
    const work = desk().start()
    work.read([10, 11])
    work.board(11, 'running')
    work.engine.drain([0], 1_000)
    work.sent()
    work.read([10])
    expect(work.sent()).toEqual([])
    expect(work.calls()).toContain('drained 0 complete')
    expect(work.stores()).toEqual([])
  })

  test('is told with both offsets', () => {
    const work = desk().start()
    work.read([10, 11])
    work.ack([10, 11])
    work.read([5])
    expect(work.calls()).toContain('rewound 0 from 12 to 5')
  })

  test('to a place above an unfinished record is read again from that record: a new epoch would commit past it', () => {
    const work = desk().start()
    work.read([10, 11, 12])
    work.ack([11, 12])
    const late = work.delivery(10)
    const batch = work.read([11, 12])
    expect(work.calls()).toContain('restart 0/10')
    expect(batch.live).toBe(0)
    work.ackOf(late)
    expect(work.stores()).toEqual([])
    work.assign(0)
    work.read([10, 11])
    work.ack([10, 11])
    expect(work.stores()).toEqual(['store 0/12'])
    expect(work.isEmpty()).toBe(true)
  })

  test('to a place above an unfinished record while it drains: the drain ends, and the next owner reads again', () => {
    const work = desk().start()
    work.read([10, 11, 12])
    work.board(10, 'running')
    work.board(12, 'running')
    work.engine.drain([0], 1_000)
    work.read([11])
    expect(work.calls()).toEqual(expect.arrayContaining(['drained 0 complete']))
    expect(work.calls()).not.toContain('restart 0/10')
    work.ack([10, 12])
    expect(work.stores()).toEqual([])
  })
})
