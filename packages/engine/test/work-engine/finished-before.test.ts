import { describe, expect, test } from 'vitest'
import { desk } from '../desk.js'

/** Partition 0, of which an earlier owner had committed an offset and finished these ranges above it. */
function takenOver(committed: number, finished: readonly number[]) {
  const work = desk()
  work.engine.assigned([{ topic: 'orders', partition: 0, committed, finished }])
  work.engine.threadUp(0)
  return work
}

describe('what an earlier owner finished', () => {
  test('is not run again, and counts as no record of ours', () => {
    const work = takenOver(10, [11, 13, 14, 15])
    const batch = work.read([10, 11, 12, 13, 14])
    expect(work.offsetsSent()).toEqual([10, 13])
    expect(batch.live).toBe(2)
    work.ack([10, 13])
    expect(work.stores()).toEqual(['store 0/15'])
    expect(work.engine.counters.processed).toBe(2)
    expect(work.engine.assignments.at(0)!.tracker.completed).toBe(2)
    expect(work.isEmpty()).toBe(true)
  })

  test('goes on to the next owner, as far as it was not read yet either', () => {
    const work = takenOver(10, [11, 13, 20, 30])
    work.read([10, 11, 12, 13])
    work.ack([13])
    expect(work.stores()).toEqual(['store 0/10 and 11,14,20,30'])
    work.ack([10])
    expect(work.stores()).toEqual(['store 0/14 and 20,30'])
  })

  test('moves the watermark as soon as it is met', () => {
    const work = takenOver(10, [10, 12])
    work.read([10, 11])
    expect(work.stores()).toEqual(['store 0/12'])
    expect(work.offsetsSent()).toEqual([])
  })

  test('does not keep a drain from discarding what lies below it', () => {
    const work = takenOver(10, [12, 13])
    work.read([10, 11, 12])
    work.engine.drain([0], 1_000)
    expect(work.calls()).toContain('drained 0 complete')
    expect(work.stores()).toEqual(['store 0/10 and 12,13'])
  })

  test('says nothing of other records: reading that begins below the commit runs all of them', () => {
    const work = takenOver(10, [11, 13])
    work.read([0, 11, 12])
    expect(work.offsetsSent()).toEqual([0, 11, 12])
  })

  test('says nothing of a log that ends below the commit, though it grows above it later', () => {
    const work = takenOver(100, [110, 120])
    work.engine.reachedEnd(0, 0)
    work.read([109, 110, 111])
    expect(work.offsetsSent()).toEqual([109, 110, 111])
  })

  test('is one range with what was read of it', () => {
    const work = takenOver(100, [101, 200])
    work.read([100, 101, 102, 103])
    expect(work.stores()).toEqual(['store 0/100 and 101,200'])
  })

  test('is forgotten when the partition goes back', () => {
    const work = takenOver(10, [11, 13])
    work.read([10, 11])
    work.ack([10])
    work.read([5, 11])
    expect(work.offsetsSent()).toEqual([10, 5, 11])
  })
})
