import { describe, expect, test } from 'vitest'
import { desk } from '../desk.js'

describe('process delay', () => {
  test('a record starts when its timestamp and the delay have passed, and not before', () => {
    const work = desk({ delayMs: 2_000 }).start()
    work.read([0], { timestamp: 10_000 }, 10_500)
    work.engine.tick(1, 11_999)
    expect(work.sent()).toEqual([])
    work.engine.tick(2, 12_000)
    expect(work.offsetsSent()).toEqual([0])
  })

  test('old records are due at once: the delay is none between them', () => {
    const work = desk({ delayMs: 2_000 }).start()
    work.read([0, 1, 2], { timestamp: 1_000 }, 10_000)
    expect(work.offsetsSent()).toEqual([0, 1, 2])
  })

  test('a timestamp from the future counts as now, and one that is missing as none', () => {
    const work = desk({ delayMs: 2_000 }).start()
    work.read([0], { timestamp: -1 }, 10_000)
    work.read([1], { timestamp: 99_000 }, 10_000)
    expect(work.offsetsSent()).toEqual([0])
    work.engine.tick(1, 12_000)
    expect(work.offsetsSent()).toEqual([1])
  })

  test('what is due behind a record that is not waits with it', () => {
    const work = desk({ delayMs: 1_000 }).start()
    work.read([0], { timestamp: 10_000 }, 10_000)
    work.read([1], { timestamp: 1_000 }, 10_000)
    expect(work.sent()).toEqual([])
    work.engine.tick(1, 11_000)
    expect(work.offsetsSent()).toEqual([0, 1])
  })

  test('a partition that waits takes no place in the window, is not read on, and the others go on', () => {
    const work = desk({ delayMs: 1_000 }).start(2)
    work.read([0, 1], { slot: 0, timestamp: 10_000 }, 10_000)
    expect(work.engine.window.messages).toBe(0)
    work.engine.tick(100, 10_100)
    work.engine.tick(200, 10_200)
    expect(work.calls()).toEqual(['pause 0'])
    work.read([5], { slot: 1, timestamp: 1 }, 10_200)
    expect(work.offsetsSent()).toEqual([5])
    expect(work.engine.dueAt(0)).toBe(11_000)
    work.engine.tick(300, 11_000)
    expect(work.calls()).toEqual(['resume 0'])
    expect(work.offsetsSent()).toEqual([0, 1])
  })

  test('a record larger than the window keeps the others out only when it is due', () => {
    const work = desk({ delayMs: 1_000 }).start(2)
    work.read([0], { slot: 0, timestamp: 10_000, size: 20_000 }, 10_000)
    work.read([5], { slot: 1, timestamp: 1 }, 10_000)
    expect(work.offsetsSent()).toEqual([5])
    work.engine.tick(1, 11_000)
    work.read([6], { slot: 1, timestamp: 1 }, 11_000)
    expect(work.sent()).toEqual([])
    work.ack([5], 'done', 1)
    expect(work.offsetsSent()).toEqual([0])
  })

  test('what is not due is dropped by a drain, which does not wait for it', () => {
    const work = desk({ delayMs: 1_000 }).start()
    work.read([0, 1], { timestamp: 10_000 }, 10_000)
    work.engine.drain([0], 1_000)
    expect(work.calls()).toContain('drained 0 complete')
    expect(work.stores()).toEqual([])
    work.engine.tick(1, 99_000)
    expect(work.sent()).toEqual([])
    expect(work.isEmpty()).toBe(true)
  })
})
