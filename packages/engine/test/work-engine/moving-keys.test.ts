/** Keys that move from one thread to another, with affinity 'in-flight'. */
import { describe, expect, test } from 'vitest'
import { desk } from '../desk.js'

/** Keys 1 and 2 on thread 0, four records each: offsets 0 to 7 by turns. Thread 1 has run dry. */
function metOnOneThread() {
  const work = desk({ threads: 2, affinity: 'in-flight' }).start(2)
  work.read([0], { slot: 1, hash: 9 })
  work.read([1, 2, 3, 4, 5, 6, 7, 8], { slot: 1, hash: 8 })
  work.ack([0], 'done', 1)
  for (const offset of [0, 2, 4, 6]) {
    work.read([offset], { hash: 1 })
    work.read([offset + 1], { hash: 2 })
  }
  work.ack([1, 2, 3, 4, 5, 6, 7, 8], 'done', 1)
  work.sent(0)
  work.sent(1)
  work.stores()
  return work
}

describe('a key that moves', () => {
  test('its records wait for those before them, and go to the other thread in their order', () => {
    const work = metOnOneThread()
    work.read([8], { hash: 1 })
    work.read([9], { hash: 2 })
    work.read([10, 11], { hash: 1 })
    expect(work.offsetsSent(0)).toEqual([9])
    work.ack([0, 2, 4])
    expect([work.offsetsSent(0), work.offsetsSent(1)]).toEqual([[], []])
    work.ack([6])
    expect([work.offsetsSent(0), work.offsetsSent(1)]).toEqual([[], [8, 10, 11]])
    work.read([12], { hash: 1 })
    expect(work.offsetsSent(1)).toEqual([12])
    work.ack([1, 3, 5, 7, 9, 8, 10, 11, 12])
    expect(work.stores()).toEqual(['store 0/13'])
    expect(work.isEmpty()).toBe(true)
  })

  test('they count in the window meanwhile', () => {
    const work = metOnOneThread()
    const { messages } = work.engine.window
    work.read([8, 9], { hash: 1 })
    expect(work.engine.window.messages).toBe(messages + 2)
  })

  test('a drain does not wait for those above the cut, and waits for those below', () => {
    const work = metOnOneThread()
    work.read([8], { hash: 1 })
    work.read([9], { hash: 2 })
    work.read([10], { hash: 1 })
    work.board(9, 'running')
    work.engine.drain([0], 1_000)
    work.ack([0, 1, 2, 3, 4, 5, 6, 7, 9])
    expect(work.calls()).not.toContain('drained 0 complete')
    expect(work.offsetsSent(1)).toEqual([8])
    work.ack([8])
    expect(work.calls()).toContain('drained 0 complete')
    expect(work.stores()).toEqual(['store 0/10'])
    expect(work.isEmpty()).toBe(true)
  })

  test('a partition that is lost takes what waits of it along, and its key is free for the next epoch', () => {
    const work = metOnOneThread()
    work.read([8], { hash: 1 })
    work.engine.gone([0])
    work.assign(0)
    work.read([0], { hash: 1 })
    // The first epoch's are with the thread still.
    expect([work.offsetsSent(0), work.offsetsSent(1)]).toEqual([[], []])
    work.engine.threadGone(0)
    work.engine.threadUp(0)
    expect([...work.offsetsSent(0), ...work.offsetsSent(1)]).toEqual([0])
    work.ack([0])
    expect(work.isEmpty()).toBe(true)
  })
})
