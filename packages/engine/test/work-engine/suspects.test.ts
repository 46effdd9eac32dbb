import { describe, expect, test } from 'vitest'
import { desk } from '../desk.js'

const attempts = (sent: readonly { offset: number; attempt: number }[]) =>
  sent.map(({ offset, attempt }) => [offset, attempt])

describe('who is to blame for the death of a thread', () => {
  test('the only record that ran: it is charged an attempt, and tried again alone before what waits', () => {
    const work = desk({ attempts: 2 }).start()
    work.read([0, 1])
    work.board(0, 'running')
    work.sent()
    work.engine.threadGone(0)
    work.engine.threadUp(0)
    expect(attempts(work.sent())).toEqual([[0, 2]])
    work.ack([0])
    expect(attempts(work.sent())).toEqual([[1, 1]])
  })

  test('when that was its last attempt it fails for good, and the rest goes on', () => {
    const work = desk({ attempts: 2 }).start()
    work.read([0, 1])
    for (let death = 0; death < 2; death++) {
      work.board(0, 'running')
      work.engine.threadGone(0)
      work.engine.threadUp(0)
    }
    expect(work.calls()).toContain('failed 0/0')
    expect(work.sent().at(-1)).toMatchObject({ offset: 1, attempt: 1 })
    expect(work.engine.counters).toMatchObject({ failed: 1, processed: 1, threadDeaths: 2 })
  })

  test('of several each is tried alone, uncharged, in the order in which they were sent', () => {
    const work = desk({ attempts: 1, concurrency: 3 }).start()
    for (const offset of [0, 1, 2, 3]) work.read([offset], { hash: offset })
    for (const offset of [2, 0, 1]) work.board(offset, 'running')
    work.sent()
    work.engine.threadGone(0)
    work.engine.threadUp(0)
    expect(attempts(work.sent())).toEqual([[0, 1]])
    work.read([4], { hash: 4 })
    expect(work.sent()).toEqual([])
    work.ack([0])
    expect(attempts(work.sent())).toEqual([[1, 1]])
    work.ack([1])
    expect(attempts(work.sent())).toEqual([[2, 1]])
    work.ack([2])
    expect(work.offsetsSent()).toEqual([3, 4])
    expect(work.engine.counters.failed).toBe(0)
  })

  test('the one that kills the thread again is charged, and the suspects that were not tried yet still are', () => {
    const work = desk({ attempts: 1, concurrency: 3 }).start()
    for (const offset of [0, 1, 2]) work.read([offset], { hash: offset })
    for (const offset of [0, 1, 2]) work.board(offset, 'running')
    work.engine.threadGone(0)
    work.engine.threadUp(0)
    work.ack([0])
    work.board(1, 'running')
    work.sent()
    work.engine.threadGone(0)
    expect(work.calls()).toContain('failed 0/1')
    work.engine.threadUp(0)
    expect(attempts(work.sent())).toEqual([[2, 1]])
    work.ack([2])
    expect(work.engine.counters).toMatchObject({ failed: 1, processed: 3 })
    expect(work.isEmpty()).toBe(true)
  })

  test('one on trial whose thread dies before it has come to it is still tried alone', () => {
    const work = desk({ attempts: 1, concurrency: 3 }).start()
    for (const offset of [0, 1, 2]) work.read([offset], { hash: offset })
    for (const offset of [0, 1]) work.board(offset, 'running')
    work.engine.threadGone(0)
    work.engine.threadUp(0)
    work.sent()
    work.engine.threadGone(0)
    work.engine.threadUp(0)
    expect(attempts(work.sent())).toEqual([[0, 1]])
  })

  test('one that ran beside a record that is void by now is not known to be guilty, and is tried alone', () => {
    const work = desk({ attempts: 1, concurrency: 3 }).start(2)
    work.read([0], { slot: 0 })
    work.read([0, 1], { slot: 1 })
    work.board(0, 'running', 0)
    work.board(0, 'running', 1)
    work.sent()
    work.engine.gone([0])
    work.engine.threadGone(0)
    work.engine.threadUp(0)
    expect(attempts(work.sent())).toEqual([[0, 1]])
    expect(work.engine.counters.failed).toBe(0)
  })

  test('whoever is known to be guilty is charged alone, and the others are no suspects', () => {
    const work = desk({ attempts: 1, concurrency: 3 }).start()
    for (const offset of [0, 1, 2]) work.read([offset], { hash: offset })
    for (const offset of [0, 1]) work.board(offset, 'running')
    work.sent()
    work.engine.threadGone(0, { guilty: [work.delivery(1).ticket] })
    expect(work.calls()).toContain('failed 0/1')
    work.engine.threadUp(0)
    expect(attempts(work.sent())).toEqual([
      [0, 1],
      [2, 1],
    ])
  })

  test('nobody, when the guilty one has ended after all', () => {
    const work = desk({ attempts: 1, concurrency: 2 }).start()
    for (const offset of [0, 1]) work.read([offset], { hash: offset })
    work.board(0, 'done')
    work.board(1, 'running')
    work.sent()
    work.engine.threadGone(0, { guilty: [work.delivery(0).ticket] })
    work.engine.threadUp(0)
    expect(attempts(work.sent())).toEqual([[1, 1]])
    expect(work.engine.counters).toMatchObject({ failed: 0, processed: 1 })
  })

  test('nobody, when the thread was retired', () => {
    const work = desk({ attempts: 1 }).start()
    work.read([0])
    work.board(0, 'running')
    work.sent()
    work.engine.retire(0)
    work.engine.threadGone(0, { planned: true })
    work.engine.threadUp(0)
    expect(attempts(work.sent())).toEqual([[0, 1]])
  })

  test('a record that was parked keeps the attempts that its board counted, and is no suspect', () => {
    const work = desk({ attempts: 5, concurrency: 2 }).start()
    for (const offset of [0, 1]) work.read([offset], { hash: offset })
    work.board(0, 'parked')
    work.boardSays(0, { attempt: 4 })
    work.board(1, 'running')
    work.sent()
    work.engine.threadGone(0)
    work.engine.threadUp(0)
    expect(attempts(work.sent())).toEqual([[1, 2]])
    work.ack([1])
    expect(attempts(work.sent())).toEqual([[0, 4]])
  })

  test('a suspect of a partition that is given back is not tried: its offset stays open', () => {
    const work = desk({ attempts: 1, concurrency: 2 }).start()
    for (const offset of [0, 1]) work.read([offset], { hash: offset })
    for (const offset of [0, 1]) work.board(offset, 'running')
    work.sent()
    work.engine.threadGone(0)
    work.engine.drain([0], 1_000)
    expect(work.calls()).toContain('drained 0 complete')
    work.engine.threadUp(0)
    expect(work.sent()).toEqual([])
    expect(work.isEmpty()).toBe(true)
  })
})

describe('a record that was running when the whole process died', () => {
  test('runs alone in the process: after what was sent before it, and nothing is sent meanwhile', () => {
    const work = desk({ threads: 2, processDeathLimit: 2 }).start()
    work.ranWhenProcessDied(1, 1)
    work.read([0], { hash: 0 })
    work.read([1], { hash: 1 })
    work.read([2], { hash: 2 })
    expect(work.offsetsSent(0)).toEqual([0])
    expect(work.sent(1)).toEqual([])
    work.ack([0])
    expect(work.offsetsSent(1)).toEqual([1])
    expect(work.sent(0)).toEqual([])
    work.ack([1])
    expect(work.offsetsSent(0)).toEqual([2])
    work.ack([2])
    expect(work.isEmpty()).toBe(true)
  })

  test('waits anew when those before it are sent again', () => {
    const work = desk({ attempts: 2, processDeathLimit: 2 }).start()
    work.ranWhenProcessDied(1, 1)
    work.read([0, 1, 2])
    work.board(0, 'running')
    expect(work.offsetsSent()).toEqual([0])
    work.engine.threadGone(0)
    work.engine.threadUp(0)
    expect(work.offsetsSent()).toEqual([0])
    work.ack([0])
    expect(work.offsetsSent()).toEqual([1])
    work.ack([1])
    expect(work.offsetsSent()).toEqual([2])
  })

  test('at the limit it fails without being run, and its key goes on', () => {
    const work = desk({ processDeathLimit: 2 }).start()
    work.ranWhenProcessDied(1, 2)
    work.read([0, 1, 2])
    expect(work.offsetsSent()).toEqual([0, 2])
    expect(work.calls()).toContain('failed 0/1')
    work.ack([0, 2])
    expect(work.stores()).toEqual(['store 0/3'])
    expect(work.isEmpty()).toBe(true)
  })

  test('it is given up with its partition while it waits for its turn', () => {
    const work = desk({ threads: 2, processDeathLimit: 2 }).start()
    work.ranWhenProcessDied(1, 1)
    work.read([0], { hash: 0 })
    work.board(0, 'running')
    work.read([1], { hash: 1 })
    work.engine.drain([0], 1_000)
    work.ack([0])
    expect(work.sent(1)).toEqual([])
    expect(work.isEmpty()).toBe(true)
  })
})

describe('it can be told which record everybody waits for', () => {
  const offsetBefore = (work: ReturnType<typeof desk>, thread: number) => {
    const ticket = work.engine.aloneBefore(thread)
    return ticket === undefined ? undefined : work.engine.inFlight.offset[ticket]
  }

  test('the suspect that is tried, of its thread alone, until it has ended', () => {
    const work = desk({ threads: 2, concurrency: 2 }).start()
    for (const offset of [0, 2, 4]) work.read([offset], { hash: 0 })
    expect(offsetBefore(work, 0)).toBeUndefined()
    for (const offset of [0, 2]) work.board(offset, 'running')
    work.engine.threadGone(0)
    work.engine.threadUp(0)
    expect([offsetBefore(work, 0), offsetBefore(work, 1)]).toEqual([0, undefined])
    work.ack([0])
    expect(offsetBefore(work, 0)).toBe(2)
    work.ack([2])
    expect(offsetBefore(work, 0)).toBeUndefined()
  })

  test('the one that was running when the process died, of all threads, from when its turn comes to its end', () => {
    const work = desk({ threads: 2, processDeathLimit: 2 }).start()
    work.ranWhenProcessDied(1, 1)
    work.read([0], { hash: 0 })
    expect(offsetBefore(work, 1)).toBeUndefined()
    work.read([1], { hash: 1 })
    expect([offsetBefore(work, 0), offsetBefore(work, 1)]).toEqual([1, 1])
    work.ack([0])
    expect([offsetBefore(work, 0), offsetBefore(work, 1)]).toEqual([1, 1])
    work.ack([1])
    expect([offsetBefore(work, 0), offsetBefore(work, 1)]).toEqual([undefined, undefined])
  })
})
