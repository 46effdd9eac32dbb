import { describe, expect, test } from 'vitest'
import { desk } from '../desk.js'

describe('death of a thread', () => {
  test('its records go out again in order, before newer ones, and what its board shows as done is not repeated', () => {
    const work = desk({ attempts: 2 }).start()
    work.read([0, 1, 2, 3])
    work.board(0, 'done')
    work.board(1, 'running')
    work.sent()
    work.engine.threadGone(0)
    work.read([4, 5])
    expect(work.sent()).toEqual([])
    work.engine.threadUp(0)
    // What ran goes alone: it may kill the thread once more.
    expect(work.offsetsSent()).toEqual([1])
    work.ack([1])
    expect(work.offsetsSent()).toEqual([2, 3, 4, 5])
    expect(work.engine.counters).toMatchObject({ processed: 2, redelivered: 3, threadDeaths: 1 })
    expect(work.stores()).toEqual(['store 0/2'])
  })

  test('a thread that was retired and ends before its records do: they go out before what was routed meanwhile', () => {
    const work = desk().start()
    work.read([0, 1, 2])
    work.sent()
    work.engine.retire(0)
    work.read([3, 4])
    expect(work.sent()).toEqual([])
    work.engine.threadGone(0, { planned: true })
    work.engine.threadUp(0)
    expect(work.offsetsSent()).toEqual([0, 1, 2, 3, 4])
    expect(work.engine.counters.threadDeaths).toBe(0)
  })

  test('they stay in order although tickets are reused in another order', () => {
    const work = desk().start()
    work.read([0, 1, 2])
    work.ack([1, 0])
    work.read([3, 4])
    work.sent()
    work.engine.threadGone(0)
    work.engine.threadUp(0)
    expect(work.offsetsSent()).toEqual([2, 3, 4])
  })

  test('a failure that reached the board but not its ack is told, and a late ack of the dead thread is stale', () => {
    const work = desk().start()
    work.read([0, 1])
    const [first, second] = [work.delivery(0), work.delivery(1)]
    work.board(0, 'failed')
    work.engine.threadGone(0)
    expect(work.calls()).toContain('failed 0/0')
    work.engine.threadUp(0)
    work.ackOf(first)
    work.ackOf(second)
    expect(work.engine.counters).toMatchObject({ processed: 1, staleAcks: 2 })
    work.ack([1])
    expect(work.isEmpty()).toBe(true)
  })

  test('other threads keep what they have', () => {
    const work = desk({ threads: 2 }).start()
    work.read([0], { hash: 0 })
    work.read([1], { hash: 1 })
    work.sent(0)
    work.sent(1)
    work.engine.threadGone(0)
    work.engine.threadUp(0)
    expect(work.offsetsSent(0)).toEqual([0])
    expect(work.sent(1)).toEqual([])
  })

  test('at the third death in a row of a thread that ran nothing the work stops', () => {
    const work = desk().start()
    work.read([7, 8])
    for (let death = 1; death <= 3; death++) {
      expect(work.stops).toEqual([])
      work.engine.threadGone(0)
      work.engine.threadUp(0)
    }
    expect(work.stops).toEqual([{ type: 'crash-loop', thread: 0, deaths: 3 }])
  })

  test('nothing is sent to a thread before it is up', () => {
    const work = desk()
    work.assign(0)
    work.read([0, 1])
    expect(work.sent()).toEqual([])
    work.engine.threadUp(0)
    expect(work.offsetsSent()).toEqual([0, 1])
  })
})
