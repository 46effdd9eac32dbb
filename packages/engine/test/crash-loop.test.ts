import { describe, expect, test } from 'vitest'
import { CrashLoop } from '../src/crash-loop.js'

const record = (offset: number, slot = 0) => ({ slot, offset, attempt: 1 })

describe('CrashLoop', () => {
  test('is one at the third death in a row with the same oldest running record, and from then on', () => {
    const loop = new CrashLoop()
    expect(loop.died(0, [record(5), record(9)])).toBeUndefined()
    expect(loop.died(0, [record(5)])).toBeUndefined()
    expect(loop.died(0, [record(5)])).toBe(3)
    expect(loop.died(0, [record(5)])).toBe(4)
  })

  test.each([
    ['another record', [record(6)]],
    ['the same offset of another partition', [record(5, 1)]],
    ['nothing at all', []],
  ])('a death in between that ran %s starts the count again', (_, between) => {
    const loop = new CrashLoop()
    loop.died(0, [record(5)])
    loop.died(0, [record(5)])
    expect(loop.died(0, between)).toBeUndefined()
    expect(loop.died(0, [record(5)])).toBeUndefined()
    expect(loop.died(0, [record(5)])).toBeUndefined()
    expect(loop.died(0, [record(5)])).toBe(3)
  })

  test('a thread that dies while it runs nothing is in a loop too, unless it ended a record in between', () => {
    const loop = new CrashLoop()
    loop.died(0, [])
    loop.died(0, [])
    loop.progressed(0)
    expect(loop.died(0, [])).toBeUndefined()
    expect(loop.died(0, [])).toBeUndefined()
    expect(loop.died(0, [])).toBe(3)
  })

  test('what the thread ends beside a record that kills it does not excuse the record', () => {
    const loop = new CrashLoop()
    for (let death = 1; death < 3; death++) {
      expect(loop.died(0, [record(5)])).toBeUndefined()
      loop.progressed(0)
    }
    expect(loop.died(0, [record(5)])).toBe(3)
  })

  test('counts each thread by itself', () => {
    const loop = new CrashLoop()
    for (const thread of [0, 1, 0, 1]) expect(loop.died(thread, [record(5)])).toBeUndefined()
    expect(loop.died(1, [record(5)])).toBe(3)
  })
})
