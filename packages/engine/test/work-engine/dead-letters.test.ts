import { describe, expect, test } from 'vitest'
import { FailureFlag, Outcome } from '../../src/effects.js'
import { desk } from '../desk.js'

const ticketAndSequence = (work: ReturnType<typeof desk>, offset: number) => {
  const { ticket, sequence } = work.delivery(offset)
  return [ticket, sequence] as const
}

describe('dead letters', () => {
  test('the offset stays open until the letter is written, and then completes', () => {
    const work = desk({ deadLetters: true }).start()
    work.read([0, 1])
    work.ack([0], 'failed')
    work.ack([1])
    expect(work.calls()).toEqual(['dead letter 0/0'])
    expect(work.stores()).toEqual(['store 0/0 and 1,2'])
    work.engine.deadLettered(...ticketAndSequence(work, 0), true)
    expect(work.stores()).toEqual(['store 0/2'])
    expect(work.engine.counters).toMatchObject({ failed: 0, deadLettered: 1, processed: 2 })
    expect(work.isEmpty()).toBe(true)
  })

  test('the record keeps its bytes and its place in the window meanwhile', () => {
    const work = desk({ deadLetters: true }).start()
    const batch = work.read([0])
    work.ack([0], 'failed')
    expect(work.engine.window.messages).toBe(1)
    expect(batch.released).toBe(false)
    work.engine.deadLettered(...ticketAndSequence(work, 0), true)
    expect(batch.released).toBe(true)
  })

  test('an error that wants none is told as failed', () => {
    const work = desk({ deadLetters: true }).start()
    work.read([0])
    work.ack([0], Outcome.failed | FailureFlag.noDeadLetter)
    expect(work.calls()).toEqual(['failed 0/0'])
  })

  test('a letter that is given up leaves the offset open', () => {
    const work = desk({ deadLetters: true }).start()
    work.read([0, 1])
    work.ack([0], 'failed')
    work.ack([1])
    work.engine.deadLettered(...ticketAndSequence(work, 0), false)
    expect(work.stores()).toEqual(['store 0/0 and 1,2'])
    expect(work.isEmpty()).toBe(true)
  })

  test('a drain waits for it', () => {
    const work = desk({ deadLetters: true }).start()
    work.read([0])
    work.ack([0], 'failed')
    work.engine.drain([0], 1_000)
    expect(work.calls()).not.toContain('drained 0 complete')
    work.engine.deadLettered(...ticketAndSequence(work, 0), true)
    expect(work.calls()).toContain('drained 0 complete')
  })

  test('once its partition is gone nobody wants it, and a late word of it completes nothing', () => {
    const work = desk({ deadLetters: true }).start()
    work.read([0])
    const [ticket, sequence] = ticketAndSequence(work, 0)
    work.ack([0], 'failed')
    expect(work.engine.isWanted(ticket, sequence)).toBe(true)
    work.engine.gone([0])
    expect(work.engine.isWanted(ticket, sequence)).toBe(false)
    work.engine.deadLettered(ticket, sequence, true)
    expect(work.engine.counters).toMatchObject({ deadLettered: 0, processed: 0 })
    expect(work.isEmpty()).toBe(true)
    work.engine.deadLettered(ticket, sequence, true)
    expect(work.isEmpty()).toBe(true)
  })

  test('a failure that only the board tells keeps what its error asked for', () => {
    const work = desk({ deadLetters: true }).start()
    work.read([0])
    work.board(0, 'failed')
    work.boardSays(0, { flags: FailureFlag.noDeadLetter })
    work.engine.threadGone(0)
    expect(work.calls()).toEqual(['failed 0/0'])
  })
})

describe('flood guard', () => {
  test('one dead letter too many stops the work, and its offset stays open', () => {
    const work = desk({ deadLetters: true, flood: { maxRatio: 0.5, window: 4 } }).start()
    work.read([0, 1, 2, 3, 4])
    work.ack([0, 1])
    work.ack([2, 3], 'failed')
    expect(work.stops).toEqual([])
    work.ack([4], 'failed')
    expect(work.stops).toEqual([{ type: 'dead-letter-flood', letters: 3, outcomes: 4 }])
    expect(work.calls()).toEqual(['dead letter 0/2', 'dead letter 0/3'])
    for (const offset of [2, 3]) work.engine.deadLettered(...ticketAndSequence(work, offset), true)
    expect(work.stores()).toEqual(['store 0/4'])
    expect(work.isEmpty()).toBe(true)
  })
})

describe('completions', () => {
  test('each is told once, after its offset has completed', () => {
    const work = desk({ deadLetters: true, reportCompletions: true }).start()
    work.read([0, 1, 2])
    work.ack([0])
    work.ack([1], Outcome.failed | FailureFlag.noDeadLetter)
    work.ack([2], 'failed')
    expect(work.calls()).toEqual(['done 0/0', 'failed 0/1', 'failed 0/1', 'dead letter 0/2'])
    work.engine.deadLettered(...ticketAndSequence(work, 2), true)
    expect(work.calls()).toEqual(['dead-lettered 0/2'])
  })
})
