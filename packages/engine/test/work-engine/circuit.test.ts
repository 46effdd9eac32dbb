import { describe, expect, test } from 'vitest'
import { FailureFlag, Outcome } from '../../src/effects.js'
import { desk } from '../desk.js'

const circuit = { after: 2, forMs: 500, scope: 'work' as const }

/** Two records have failed, and of those at 2 and 3, of one key, one may start. It is 500. */
function halfOpen(options: { attempts?: number } = {}) {
  const work = desk({ circuit, ...options }).start()
  work.read([0, 1], { hash: 0 })
  work.ack([0, 1], 'failed')
  work.engine.tick(0)
  work.read([2, 3], { hash: 0 })
  work.engine.tick(500)
  work.calls()
  return work
}

describe('circuit breaker', () => {
  test('opens after so many failures in a row, half-opens when its time is up, and closes by the probe', () => {
    const work = desk({ circuit }).start()
    work.read([0, 1, 2, 3, 4])
    work.ack([0, 1], 'failed')
    work.engine.tick(100)
    expect(work.calls()).toEqual([
      'failed 0/0',
      'hold',
      'hold starts of work',
      'release',
      'work closed to open',
      'failed 0/1',
    ])
    work.engine.tick(599)
    expect(work.calls()).toEqual([])
    work.engine.tick(600)
    expect(work.calls()).toEqual(['work open to half-open', 'permit 0 of work'])
    work.ack([2])
    expect(work.calls()).toEqual(['release starts of work', 'work half-open to closed'])
  })

  test('a probe whose partition has gone decides nothing, and another record is tried', () => {
    const work = desk({ circuit, concurrency: 2 }).start(2)
    work.read([0, 1, 2])
    work.read([0], { slot: 1, hash: 2 })
    work.ack([0, 1], 'failed')
    work.engine.tick(0)
    work.engine.tick(500)
    work.usePermit(0)
    work.board(2, 'running')
    work.engine.tick(600)
    work.calls()
    work.engine.tick(700)
    expect(work.calls()).toEqual([])
    // Its handler goes on, and nobody counts what becomes of it.
    work.engine.gone([0])
    work.calls()
    work.engine.tick(800)
    work.engine.tick(900)
    expect(work.calls()).toEqual(['permit 0 of work'])
  })

  test('opens again when the probe fails', () => {
    const work = desk({ circuit }).start()
    work.read([0, 1, 2])
    work.ack([0, 1], 'failed')
    work.engine.tick(0)
    work.engine.tick(500)
    work.calls()
    work.usePermit(0)
    work.ack([2], 'failed')
    expect(work.calls()).toContain('work half-open to open')
    work.engine.tick(500)
    work.engine.tick(999)
    expect(work.calls()).toEqual([])
    work.engine.tick(1_000)
    expect(work.calls()).toEqual(['work open to half-open'])
  })

  test('without one no number of failures holds anything', () => {
    const work = desk().start()
    const offsets = Array.from({ length: 50 }, (_, i) => i)
    work.read(offsets)
    work.ack(offsets, 'failed')
    for (let at = 0; at <= 1_000; at += 100) work.engine.tick(at)
    expect(work.calls()).toEqual(offsets.map((offset) => `failed 0/${offset}`))
    expect(work.stores()).toEqual(['store 0/50'])
    work.read([50])
    expect(work.offsetsSent()).toContain(50)
  })

  test('a success in between starts the count again', () => {
    const work = desk({ circuit }).start()
    work.read([0, 1, 2, 3])
    work.ack([0], 'failed')
    work.ack([1])
    work.ack([2], 'failed')
    expect(work.calls()).toEqual(['failed 0/0', 'failed 0/2'])
  })

  test('a failure that says nothing about what the handler calls counts as a success', () => {
    const work = desk({ circuit }).start()
    work.read([0, 1, 2])
    work.ack([0], 'failed')
    work.ack([1], Outcome.failed | FailureFlag.noCircuitBreak)
    work.ack([2], 'failed')
    expect(work.calls().filter((call) => call.includes('open'))).toEqual([])
  })

  test('a record that fails without being run, because it has killed processes, counts for nothing', () => {
    const work = desk({ circuit: { ...circuit, after: 1 }, processDeathLimit: 1 }).start()
    work.ranWhenProcessDied(0, 1)
    work.read([0])
    expect(work.calls()).toEqual(['failed 0/0'])
  })

  test('what had started before it opened decides nothing afterwards', () => {
    const work = desk({ circuit, concurrency: 4 }).start()
    for (const offset of [0, 1, 2, 3]) work.read([offset], { hash: offset })
    for (const offset of [2, 3]) work.board(offset, 'running')
    work.ack([0, 1], 'failed')
    work.engine.tick(0)
    work.engine.tick(500)
    work.calls()
    work.ack([2])
    work.ack([3], 'failed')
    expect(work.calls()).toEqual(['failed 0/3'])
  })

  test('nor does a record that was about to find it open when its thread died', () => {
    const work = desk({ circuit }).start()
    work.read([0, 1, 2])
    work.ack([0, 1], 'failed')
    work.board(2, 'running')
    work.calls()
    work.engine.threadGone(0)
    expect(work.calls()).toEqual(['failed 0/2'])
  })

  test('exactly one probe: while it runs no other is permitted, and an unused permit moves on', () => {
    const work = desk({ circuit, threads: 2 }).start()
    work.read([0, 1], { hash: 0 })
    work.ack([0, 1], 'failed')
    work.engine.tick(0)
    work.read([2, 4], { hash: 0 })
    work.read([5], { hash: 1 })
    work.calls()
    work.engine.tick(500)
    expect(work.calls()).toEqual(['work open to half-open', 'permit 0 of work'])
    work.engine.tick(600)
    expect(work.calls()).toEqual(['permit 1 of work'])
    work.usePermit(1)
    work.board(5, 'running')
    work.engine.tick(700)
    expect(work.calls()).toEqual([])
  })

  test('a probe that was handed back is followed by another', () => {
    const work = halfOpen()
    work.tryToStart(2)
    work.ack([2], 'discarded')
    work.engine.tick(600)
    work.engine.tick(700)
    expect(work.calls()).toEqual(['permit 0 of work'])
  })

  test('a probe whose attempt fails opens it again, although others are left', () => {
    const work = halfOpen()
    work.tryToStart(2)
    work.park(2)
    work.engine.tick(600)
    expect(work.calls()).toContain('work half-open to open')
    for (const now of [700, 1_199]) work.engine.tick(now)
    expect(work.calls()).toEqual([])
    work.engine.tick(1_200)
    expect(work.calls()).toEqual(['work open to half-open', 'permit 0 of work'])
    // It has been told, and is a candidate like any other.
    work.engine.tick(1_300)
    expect(work.calls()).toEqual(['permit 0 of work'])
    work.tryToStart(2)
    work.ack([2])
    expect(work.calls()).toContain('work half-open to closed')
  })

  test('and closes it where the error says nothing about what the handler calls', () => {
    const work = halfOpen()
    work.tryToStart(2)
    work.park(2, FailureFlag.noCircuitBreak)
    work.engine.tick(600)
    expect(work.calls()).toEqual(['release starts of work', 'work half-open to closed'])
  })

  test('an attempt that has failed before it opened, or since by a start of before, is none of a probe', () => {
    const work = desk({ circuit, concurrency: 4 }).start()
    for (const offset of [0, 1, 2, 3]) work.read([offset], { hash: offset })
    for (const offset of [2, 3]) work.board(offset, 'running')
    work.park(2)
    work.ack([0, 1], 'failed')
    work.engine.tick(0)
    work.park(3)
    work.calls()
    work.engine.tick(500)
    work.engine.tick(600)
    expect(work.calls()).toEqual(['work open to half-open', 'permit 0 of work', 'permit 0 of work'])
    // It was running when the circuit was looked at, and fails now: a start of before. Its next attempt is a probe.
    work.tryToStart(3)
    work.ack([3], 'failed')
    expect(work.calls()).toContain('work half-open to open')
  })

  test('while attempts fail one after the other nothing opens: only final failures count', () => {
    const work = desk({ circuit, attempts: 3 }).start()
    work.read([0, 1, 2])
    for (const offset of [0, 1, 2]) {
      work.tryToStart(offset)
      work.park(offset)
      work.engine.tick(100 * offset)
    }
    expect(work.calls()).toEqual([])
  })

  test('a probe that is charged with the death of its thread has failed', () => {
    const work = halfOpen({ attempts: 2 })
    work.tryToStart(2)
    work.engine.threadGone(0)
    expect(work.calls()).toContain('work half-open to open')
  })

  test('one whose thread died by the guilt of another has not, and the next one is tried', () => {
    const work = halfOpen({ attempts: 2 })
    work.tryToStart(2)
    work.engine.threadGone(0, { guilty: [] })
    work.engine.threadUp(0)
    work.engine.tick(600)
    work.engine.tick(700)
    expect(work.calls()).toEqual(['permit 0 of work'])
  })

  test('nor is the failure of a probe forgotten when its thread dies before the next look', () => {
    const work = halfOpen({ attempts: 2 })
    work.tryToStart(2)
    work.park(2)
    work.engine.threadGone(0)
    expect(work.calls()).toContain('work half-open to open')
  })

  test('a record that its thread was about to hold back when it died was no probe: it decides nothing', () => {
    const work = desk({ circuit, threads: 2 }).start()
    work.read([0, 1], { hash: 0 })
    work.ack([0, 1], 'failed')
    work.engine.tick(0)
    work.read([2], { hash: 1 })
    // Shown before the thread looks whether it may: nobody gave it a permit.
    work.board(2, 'running')
    work.engine.tick(500)
    work.calls()
    work.engine.threadGone(1)
    expect(work.calls()).toEqual(['failed 0/2'])
  })

  test('a record that was about to start when it opened, and did not, is tried like any other', () => {
    const work = desk({ circuit }).start()
    work.read([0, 1, 2])
    work.board(2, 'running')
    work.ack([0, 1], 'failed')
    work.board(2, 'queued')
    work.engine.tick(0)
    work.engine.tick(500)
    expect(work.calls()).toContain('permit 0 of work')
    work.usePermit(0)
    work.ack([2])
    expect(work.calls()).toContain('work half-open to closed')
  })

  test('what shows as running while it is half-open may be the probe: nothing else is permitted until it shows otherwise', () => {
    const work = desk({ circuit, concurrency: 2 }).start()
    for (const offset of [0, 1, 2, 3]) work.read([offset], { hash: offset })
    work.ack([0, 1], 'failed')
    work.engine.tick(0)
    work.calls()
    work.board(2, 'running')
    work.engine.tick(500)
    expect(work.calls()).toEqual(['work open to half-open'])
    work.board(2, 'queued')
    work.engine.tick(600)
    expect(work.calls()).toEqual(['permit 0 of work'])
  })

  test('a half-open circuit waits for a record to try', () => {
    const work = desk({ circuit }).start()
    work.read([0, 1])
    work.ack([0, 1], 'failed')
    work.engine.tick(0)
    work.engine.tick(500)
    work.calls()
    work.engine.tick(60_000)
    expect(work.calls()).toEqual([])
    work.read([2])
    work.engine.tick(60_100)
    expect(work.calls()).toEqual(['permit 0 of work'])
  })

  test('a drain during which it opens ends as soon as nothing runs any more', () => {
    const work = desk({ circuit, concurrency: 3 }).start()
    for (const offset of [0, 1, 2, 3]) work.read([offset], { hash: offset })
    for (const offset of [0, 1, 3]) work.board(offset, 'running')
    work.engine.drain([0], 10_000)
    expect(work.calls()).toContain('cut 0 epoch 1 above 3')
    work.ack([0, 1], 'failed')
    expect(work.calls()).toContain('cut 0 epoch 1 above -1')
    work.ack([3])
    expect(work.calls()).toContain('drained 0 complete')
    expect(work.stores()).toEqual(['store 0/2 and 3,4'])
  })

  test('a drain while it is open ends at once: what has not started is left to the next owner', () => {
    const work = desk({ circuit }).start()
    work.read([0, 1, 2, 3])
    work.ack([0, 1], 'failed')
    work.engine.drain([0], 10_000)
    expect(work.calls()).toContain('drained 0 complete')
    expect(work.stores()).toEqual(['store 0/2'])
  })

  test('one for each partition leaves the others alone', () => {
    const work = desk({ circuit: { ...circuit, scope: 'partition' } }).start(2)
    work.read([0, 1], { slot: 0 })
    work.read([0, 1], { slot: 1 })
    work.ack([0], 'failed', 0)
    work.ack([0, 1], 'failed', 1)
    expect(work.calls()).toContain('slot 1 closed to open')
    work.ack([1], 'failed', 0)
    expect(work.calls()).toContain('slot 0 closed to open')
  })
})
