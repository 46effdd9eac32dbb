import { describe, expect, test } from 'vitest'
import { desk } from '../desk.js'

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
    expect(work.stops).toEqual([{ type: 'record-failed', ticket: expect.any(Number), slot: 0, offset: 1 }])
    work.engine.drain([0], 1_000)
    expect(work.calls()).toContain('drained 0 complete')
    expect(work.stores()).toEqual(['store 0/1 and 2,3'])
    expect(work.isEmpty()).toBe(true)
  })
})
