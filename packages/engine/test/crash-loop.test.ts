import { describe, expect, test } from 'vitest'
import { CrashLoop } from '../src/crash-loop.js'

const record = (offset: number, slot = 0) => ({ slot, offset, attempt: 1 })

describe('CrashLoop', () => {
  test('blames the record whose thread died three times in a row with it as the oldest running', () => {
    const loop = new CrashLoop()
    expect(loop.died(0, [record(5), record(9)])).toBeUndefined()
    expect(loop.died(0, [record(5)])).toBeUndefined()
    expect(loop.died(0, [record(5)])).toEqual({ slot: 0, offset: 5 })
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
    expect(loop.died(0, [record(5)])).toEqual({ slot: 0, offset: 5 })
  })

  test('counts each thread by itself', () => {
    const loop = new CrashLoop()
    for (const thread of [0, 1, 0, 1]) expect(loop.died(thread, [record(5)])).toBeUndefined()
    expect(loop.died(1, [record(5)])).toEqual({ slot: 0, offset: 5 })
  })
})
