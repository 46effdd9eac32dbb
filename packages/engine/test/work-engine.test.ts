import { describe, expect, test } from 'vitest'
import { desk } from './desk.js'

describe('offsets', () => {
  test('a store never passes an unfinished record', () => {
    const work = desk().start()
    work.read([0, 1, 2])
    work.ack([2, 1])
    expect(work.stores()).toEqual([])
    work.ack([0])
    expect(work.stores()).toEqual(['store 0/3'])
    expect(work.stores()).toEqual([])
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
    expect(batch.live).toBe(1)
    work.ack([0])
    expect(batch.live).toBe(0)
    expect(work.isEmpty()).toBe(true)
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

describe('failure of a handler', () => {
  test("with onExhausted 'complete' the offset completes and the failure is told once, while the row is there", () => {
    const work = desk().start()
    work.read([0, 1])
    work.ack([0], 'failed')
    expect(work.calls()).toEqual(['failed 0/0'])
    expect(work.stores()).toEqual(['store 0/1'])
    expect(work.engine.counters).toMatchObject({ processed: 1, failed: 1 })
    expect(work.stops).toEqual([])
  })

  test("with onExhausted 'stop' the offset never completes, whatever finishes after it", () => {
    const work = desk({ onExhausted: 'stop' }).start()
    work.read([0, 1, 2])
    work.ack([0])
    work.ack([1], 'failed')
    work.ack([2])
    expect(work.stops).toEqual([{ type: 'record-failed', slot: 0, offset: 1 }])
    work.engine.drain([0], 1_000)
    expect(work.calls()).toContain('drained 0 complete')
    expect(work.stores()).toEqual(['store 0/1'])
    expect(work.isEmpty()).toBe(true)
  })
})

describe('death of a thread', () => {
  test('its records go out again in order, before newer ones, and what its board shows as done is not repeated', () => {
    const work = desk().start()
    work.read([0, 1, 2, 3])
    work.board(0, 'done')
    work.board(1, 'running')
    work.sent()
    work.engine.threadGone(0)
    work.read([4, 5])
    expect(work.sent()).toEqual([])
    work.engine.threadUp(0)
    expect(work.offsetsSent()).toEqual([1, 2, 3, 4, 5])
    expect(work.engine.counters).toMatchObject({ processed: 1, redelivered: 3, threadDeaths: 1 })
    expect(work.stores()).toEqual(['store 0/1'])
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

  test('only what was running is charged an attempt', () => {
    const work = desk().start()
    work.read([0, 1])
    work.board(0, 'running')
    work.sent()
    work.engine.threadGone(0)
    work.engine.threadUp(0)
    expect(work.sent().map(({ offset, attempt }) => [offset, attempt])).toEqual([
      [0, 2],
      [1, 1],
    ])
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

  test('at the third death in a row with the same oldest running record the work stops and names it', () => {
    const work = desk().start()
    work.read([7, 8])
    for (let death = 1; death <= 3; death++) {
      expect(work.stops).toEqual([])
      work.board(7, 'running')
      work.engine.threadGone(0)
      work.engine.threadUp(0)
    }
    expect(work.stops).toMatchObject([
      { type: 'crash-loop', thread: 0, deaths: 3, running: [{ slot: 0, offset: 7, attempt: 3 }] },
    ])
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

describe('drain', () => {
  test('discards what lies above the highest record that has started, and lets the rest run', () => {
    const work = desk().start()
    work.read([0, 1, 2, 3, 4])
    work.board(0, 'done')
    work.board(2, 'running')
    work.calls()
    work.engine.drain([0], 1_000)
    // Held while the boards are read, and the cut is out before a thread may go on.
    expect(work.calls()).toEqual(['hold', 'cut 0 epoch 1 above 2', 'release'])
    work.ack([0, 1])
    expect(work.calls()).toEqual([])
    work.ack([2])
    expect(work.calls()).toEqual(['drained 0 complete'])
    work.ack([3, 4], 'discarded')
    expect(work.stores()).toEqual(['store 0/3'])
    expect(work.engine.counters.processed).toBe(3)
    expect(work.isEmpty()).toBe(true)
  })

  test('does not wait for records that a busy thread has not started', () => {
    const work = desk().start(2)
    work.read([0], { slot: 1 })
    work.board(0, 'running', 1)
    work.read([0, 1])
    work.engine.drain([0], 1_000)
    expect(work.calls()).toContain('drained 0 complete')
    // Their rows stay taken: the thread still holds the tickets.
    expect(work.isEmpty()).toBe(false)
    work.ack([0, 1], 'discarded')
    work.ack([0], 'done', 1)
    expect(work.isEmpty()).toBe(true)
    expect(work.engine.counters.processed).toBe(1)
  })

  test('records below the cut still run, sent or not', () => {
    const work = desk({ threads: 2 })
    work.assign(0)
    work.engine.threadUp(1)
    work.read([0], { hash: 0 })
    work.read([1], { hash: 1 })
    work.board(1, 'running')
    work.engine.drain([0], 1_000)
    work.ack([1])
    expect(work.calls()).not.toContain('drained 0 complete')
    work.engine.threadUp(0)
    expect(work.offsetsSent(0)).toEqual([0])
    work.ack([0])
    expect(work.calls()).toContain('drained 0 complete')
    expect(work.stores()).toEqual(['store 0/2'])
  })

  test('records that wait for the window are given up', () => {
    const work = desk({ window: { minMessages: 2, maxMessages: 2, maxBytes: 1_000 } }).start()
    work.read([0, 1, 2, 3])
    work.board(0, 'running')
    work.engine.drain([0], 1_000)
    work.ack([0])
    expect(work.calls()).toContain('drained 0 complete')
    work.ack([1], 'discarded')
    expect(work.offsetsSent()).toEqual([0, 1])
    expect(work.isEmpty()).toBe(true)
  })

  test('a read that was under way is opened and left to the next owner', () => {
    const work = desk().start()
    work.read([0])
    work.board(0, 'running')
    work.engine.drain([0], 1_000)
    work.read([1])
    work.engine.reachedEnd(0, 9)
    work.ack([0])
    // Not 9: record 1 was read, and nobody has run it.
    expect(work.stores()).toEqual(['store 0/1'])
    expect(work.isEmpty()).toBe(true)
  })

  test('ends at its deadline with what is finished; an ack after that changes no offset once the partition is gone', () => {
    const work = desk().start()
    work.read([0, 1])
    work.board(0, 'running')
    work.board(1, 'running')
    work.engine.drain([0], 1_000)
    work.ack([0])
    work.calls()
    work.engine.tick(999)
    expect(work.calls()).toEqual(['store 0/1'])
    work.engine.tick(1_000)
    expect(work.calls()).toEqual(['drained 0 late'])
    work.engine.gone([0])
    work.ack([1])
    expect(work.stores()).toEqual([])
    expect(work.isEmpty()).toBe(true)
    work.engine.tick(5_000)
    expect(work.calls()).not.toContain('drained 0 late')
  })

  test('a thread that dies during it runs only what lies below the cut again', () => {
    const work = desk().start()
    work.read([0, 1, 2])
    work.board(1, 'running')
    work.engine.drain([0], 1_000)
    work.sent()
    work.board(0, 'done')
    work.engine.threadGone(0)
    work.engine.threadUp(0)
    expect(work.offsetsSent()).toEqual([1])
    work.ack([1])
    expect(work.calls()).toContain('drained 0 complete')
    expect(work.isEmpty()).toBe(true)
  })

  test('of nothing ends at once', () => {
    const work = desk().start()
    work.engine.drain([0], 1_000)
    work.engine.drain([], 1_000)
    expect(work.calls().filter((call) => call.startsWith('drained'))).toEqual([
      'drained 0 complete',
      'drained  complete',
    ])
  })

  test('is answered when its partitions are lost, and does not wait for what the next assignment brings', () => {
    const work = desk().start(2)
    work.read([0])
    work.board(0, 'running')
    work.read([0], { slot: 1 })
    work.board(0, 'running', 1)
    work.engine.drain([0, 1], 1_000)
    work.engine.gone([0])
    work.assign(0)
    work.read([0])
    expect(work.calls()).not.toContain('drained 0,1 complete')
    work.engine.gone([1])
    expect(work.calls()).toContain('drained 0,1 complete')
  })
})

describe('assignment', () => {
  test('a late ack of an old epoch completes nothing but frees window, row and key', () => {
    const work = desk().start()
    work.read([0])
    const old = work.delivery(0)
    work.engine.gone([0])
    expect(work.calls()).toContain('cut 0 epoch 1 above -1')
    work.assign(0)
    work.read([0])
    expect(work.engine.window.messages).toBe(2)
    work.ackOf(old)
    expect(work.engine.window.messages).toBe(1)
    expect(work.engine.load(0)).toBe(1)
    expect(work.stores()).toEqual([])
    expect(work.engine.counters).toMatchObject({ processed: 0, staleAcks: 1 })
    work.ack([0])
    expect(work.stores()).toEqual(['store 0/1'])
    expect(work.isEmpty()).toBe(true)
  })

  test('a failure of an old epoch is not told again: its record runs under the new owner', () => {
    const work = desk().start()
    work.read([0])
    work.engine.gone([0])
    work.ack([0], 'failed')
    expect(work.engine.counters.failed).toBe(0)
    expect(work.calls()).not.toContain('failed 0/0')
  })

  test('a key goes to the thread on which its delivery of the old epoch still runs', () => {
    const work = desk({ threads: 3, affinity: 'in-flight' }).start()
    work.read([0], { hash: 5 })
    const old = work.delivery(0)
    work.engine.gone([0])
    work.assign(0)
    work.read([0], { hash: 5 })
    expect(work.delivery(0).thread).toBe(old.thread)
    work.ackOf(old)
    work.ack([0])
    expect(work.isEmpty()).toBe(true)
  })

  test('what a dead thread had of an epoch that is over is forgotten', () => {
    const work = desk().start()
    work.read([0])
    work.sent()
    work.engine.gone([0])
    work.engine.threadGone(0)
    work.engine.threadUp(0)
    expect(work.sent()).toEqual([])
    expect(work.isEmpty()).toBe(true)
  })
})

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
      [1, 0],
      [0, 5],
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
    expect(work.calls().filter((call) => call.startsWith('pause'))).toEqual(['pause 0'])
    work.engine.tick(1)
    expect(work.calls()).toContain('resume 0')
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

  test('to a place above an unfinished record is refused: the new epoch would commit past it', () => {
    const work = desk().start()
    work.read([10, 11, 12])
    work.ack([11, 12])
    expect(() => work.read([11])).toThrow('orders/0 went back to 11, but 10 is not finished')
  })
})

describe('window', () => {
  test('what does not fit waits, in order, and enters as records end', () => {
    const work = desk({ window: { minMessages: 2, maxMessages: 2, maxBytes: 1_000 } }).start()
    work.read([0, 1, 2, 3])
    expect(work.offsetsSent()).toEqual([0, 1])
    expect(work.engine.demand().records).toBe(0)
    work.ack([1])
    expect(work.offsetsSent()).toEqual([2])
    work.ack([0, 2])
    expect(work.offsetsSent()).toEqual([3])
  })

  test('a record larger than the byte limit goes alone, and those behind it keep their place', () => {
    const work = desk({ window: { minMessages: 8, maxMessages: 8, maxBytes: 100 } }).start()
    work.read([0], { size: 60 })
    work.read([1], { size: 500 })
    work.read([2], { size: 1 })
    expect(work.offsetsSent()).toEqual([0])
    work.ack([0])
    expect(work.offsetsSent()).toEqual([1])
    expect(work.engine.demand()).toEqual({ records: 0, bytes: 0 })
    work.ack([1])
    expect(work.offsetsSent()).toEqual([2])
    expect(work.engine.window.bytes).toBe(1)
  })

  test('asks for nothing while it is nearly full, so that reads stay large', () => {
    const work = desk({ window: { minMessages: 16, maxMessages: 16, maxBytes: 1_000 } }).start()
    expect(work.engine.demand()).toEqual({ records: 16, bytes: 1_000 })
    work.read(Array.from({ length: 15 }, (_, i) => i))
    expect(work.engine.demand().records).toBe(0)
    work.ack([0])
    expect(work.engine.demand()).toEqual({ records: 2, bytes: 986 })
  })

  test('one unfinished record stops the reading of its partition at the span limit, and lets it go on below', () => {
    const work = desk({ maxUncommittedRecords: 8 }).start(2)
    work.read([0, 1, 2, 3, 4, 5, 6])
    expect(work.calls()).toEqual([])
    work.read([7])
    expect(work.calls()).toEqual(['pause 0'])
    work.ack([1, 2, 3, 4, 5, 6, 7])
    work.engine.tick(1)
    expect(work.calls()).toEqual([])
    work.ack([0])
    work.engine.tick(2)
    expect(work.calls()).toEqual(['store 0/8', 'resume 0'])
  })

  test('follows the handlers: it grows while they are fast and returns when they are not', () => {
    const work = desk({ window: { minMessages: 16, maxMessages: 64, maxBytes: 10_000 } }).start()
    const offsets = Array.from({ length: 16 }, (_, i) => i)
    work.engine.tick(0)
    work.read(offsets)
    work.ack(offsets)
    work.engine.tick(20)
    expect(work.engine.window.maxMessages).toBe(16)
    // 16 in 50 ms: 0.32 a millisecond, twice 20 ms of it.
    work.engine.tick(50)
    expect(work.engine.window.maxMessages).toBe(16)
    const many = Array.from({ length: 16 }, (_, i) => 16 + i)
    work.read(many)
    work.ack(many)
    const more = Array.from({ length: 16 }, (_, i) => 32 + i)
    work.read(more)
    work.ack(more)
    work.engine.tick(100)
    expect(work.engine.window.maxMessages).toBe(26)
    work.engine.tick(150)
    expect(work.engine.window.maxMessages).toBe(16)
  })
})

test('a slow record does not keep its whole batch in memory', () => {
  const work = desk({ window: { minMessages: 100, maxMessages: 100, maxBytes: 10_000 } }).start()
  const batch = work.read(Array.from({ length: 100 }, (_, i) => i))
  work.ack(Array.from({ length: 99 }, (_, i) => (i < 50 ? i : i + 1)))
  const { ticket } = work.delivery(50)
  work.engine.tick(100)
  expect(work.engine.inFlight.batch[ticket]).toBe(batch)
  work.engine.tick(200)
  expect(work.calls()).toEqual(['store 0/50'])
  const copy = work.engine.inFlight.batch[ticket]!
  expect(copy).not.toBe(batch)
  expect([copy.length, copy.offsets[work.engine.inFlight.index[ticket]!]]).toEqual([1, 50])
  work.ack([50])
  expect(work.stores()).toEqual(['store 0/100'])
  expect(work.isEmpty()).toBe(true)
})
