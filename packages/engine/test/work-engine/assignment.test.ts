import { describe, expect, test } from 'vitest'
import { desk } from '../desk.js'

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
