import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { OffsetTracker } from '../src/offset-tracker.js'

describe('OffsetTracker', () => {
  test('has no watermark before anything was read', () => {
    expect(new OffsetTracker().watermark).toBeUndefined()
  })

  test('records finished above a straggler do not move the watermark; the straggler moves it past all of them', () => {
    const tracker = new OffsetTracker()
    const [a, b, c] = [10, 11, 12].map((offset) => tracker.open(offset))
    expect(tracker.finish(c!)).toBe(false)
    expect(tracker.finish(b!)).toBe(false)
    expect(tracker.watermark).toBe(10)
    expect(tracker.completed).toBe(0)
    expect(tracker.finish(a!)).toBe(true)
    expect(tracker.watermark).toBe(13)
    expect(tracker.completed).toBe(3)
  })

  test('offsets that were compacted away do not hold the watermark back', () => {
    const tracker = new OffsetTracker()
    const a = tracker.open(5)
    const b = tracker.open(90)
    tracker.finish(a)
    expect(tracker.watermark).toBe(90)
    tracker.finish(b)
    expect(tracker.watermark).toBe(91)
  })

  test('a tail without records counts once the end is reached, and not before what is open is finished', () => {
    const tracker = new OffsetTracker()
    const only = tracker.open(7)
    tracker.reachedEnd(20)
    expect(tracker.watermark).toBe(7)
    tracker.finish(only)
    expect(tracker.watermark).toBe(20)
  })

  test('a duplicate finish counts nothing twice, before and after the record left the ring', () => {
    const tracker = new OffsetTracker()
    const a = tracker.open(0)
    const b = tracker.open(1)
    expect(tracker.finish(b)).toBe(false)
    expect(tracker.finish(b)).toBe(false)
    expect(tracker.completed).toBe(0)
    expect(tracker.finish(a)).toBe(true)
    expect(tracker.finish(a)).toBe(false)
    expect(tracker.completed).toBe(2)
    expect(tracker.span).toBe(0)
  })

  test('refuses an offset below what was read, and says that it precedes it', () => {
    const tracker = new OffsetTracker()
    tracker.open(10)
    expect(tracker.precedes(10)).toBe(true)
    expect(tracker.precedes(11)).toBe(false)
    expect(() => tracker.open(10)).toThrow(RangeError)
  })

  // Each command is a number: the kind of step in its last digit, what it applies to in the rest.
  const steps = fc.array(fc.nat({ max: 9_999 }), { minLength: 1, maxLength: 400 })
  const firstTickets = fc.constantFrom(0, 2 ** 31 - 5, -3, -(2 ** 31))

  test('agrees with a naive set, whatever finishes when, also where tickets wrap at 32 bits', () => {
    fc.assert(
      fc.property(steps, firstTickets, (commands, firstTicket) => {
        const tracker = new OffsetTracker(firstTicket)
        const model = new NaiveTracker()
        for (const command of commands) {
          const operand = Math.floor(command / 10)
          if (command % 10 < 5) {
            const offset = model.next + (operand % 4 === 0 ? operand % 50 : 0)
            model.open(offset, tracker.open(offset))
          } else if (command % 10 < 9) {
            const record = model.pick(operand)
            if (record === undefined) continue
            expect(tracker.finish(record.ticket)).toBe(model.finish(record.offset))
          } else {
            // Also ends that are behind what was read: they are old news.
            const end = Math.max(0, model.next + (operand % 7) - 3)
            model.next = model.read ? Math.max(model.next, end) : end
            model.read = true
            tracker.reachedEnd(end)
          }
          model.compare(tracker)
        }
      }),
      { numRuns: 500 },
    )
  })

  test('keeps its promises while the ring grows with its head anywhere in it', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1023 }), firstTickets, fc.nat({ max: 0xffff }), (head, first, seed) => {
        const tracker = new OffsetTracker(first)
        for (let i = 0; i < head; i++) tracker.finish(tracker.open(i))
        const tickets = Array.from({ length: 3_000 }, (_, i) => tracker.open(head + i))
        expect(tracker.span).toBe(3_000)
        const last = seed % 3_000
        // 1,009 is coprime to 3,000: a jumbled order of all but one.
        for (let i = 0; i < 3_000; i++) {
          const at = (i * 1_009 + seed) % 3_000
          if (at !== last) tracker.finish(tickets[at]!)
        }
        expect(tracker.watermark).toBe(head + last)
        tracker.finish(tickets[last]!)
        expect(tracker.watermark).toBe(head + 3_000)
        expect(tracker.completed).toBe(head + 3_000)
      }),
      { numRuns: 50 },
    )
  })
})

class NaiveTracker {
  readonly #records: { offset: number; ticket: number; finished: boolean }[] = []
  next = 0
  read = false

  open(offset: number, ticket: number): void {
    this.#records.push({ offset, ticket, finished: false })
    this.next = offset + 1
    this.read = true
  }

  /** Any record ever opened: finished ones are picked too, to try duplicates. */
  pick(at: number) {
    return this.#records[at % Math.max(1, this.#records.length)]
  }

  /** @returns whether the watermark moved */
  finish(offset: number): boolean {
    const before = this.watermark
    this.#records.find((record) => record.offset === offset)!.finished = true
    return this.watermark !== before
  }

  get watermark(): number | undefined {
    const lowest = this.#records.find((record) => !record.finished)
    return lowest?.offset ?? (this.read ? this.next : undefined)
  }

  compare(tracker: OffsetTracker): void {
    const watermark = this.watermark
    const above = this.#records.filter(({ offset }) => watermark === undefined || offset >= watermark)
    expect({
      watermark: tracker.watermark,
      span: tracker.span,
      completed: tracker.completed,
      highestFinished: tracker.highestFinished,
    }).toEqual({
      watermark,
      span: above.length,
      completed: this.#records.length - above.length,
      highestFinished: Math.max(-1, ...this.#records.filter(({ finished }) => finished).map(({ offset }) => offset)),
    })
  }
}

describe('what is finished above the watermark', () => {
  /** Each record: a gap before it, and whether an earlier owner, nobody, or we finish it. */
  const record = fc.record({ gap: fc.nat({ max: 3 }), by: fc.constantFrom('before', 'nobody', 'us') })

  test('holds every finished record above it and none that is not, in ranges that do not touch', () => {
    fc.assert(
      fc.property(fc.array(record, { maxLength: 60 }), (records) => {
        const tracker = new OffsetTracker()
        let next = 0
        const all = records.map(({ gap, by }) => {
          const offset = next + gap
          next = offset + 1
          if (by === 'before') tracker.openFinished(offset)
          else if (by === 'us') tracker.finish(tracker.open(offset))
          else tracker.open(offset)
          return { offset, by }
        })
        const open = all.find(({ by }) => by === 'nobody')
        const watermark = open?.offset ?? (all.length === 0 ? undefined : next)
        expect(tracker.watermark).toBe(watermark)
        const ranges = tracker.finishedAbove()
        for (let i = 1; i < ranges.length; i++) expect(ranges[i]).toBeGreaterThan(ranges[i - 1]!)
        const isIn = (offset: number) => ranges.findIndex((bound) => bound > offset) % 2 === 1
        for (const { offset, by } of all) {
          if (offset >= watermark!) expect(isIn(offset), String(offset)).toBe(by !== 'nobody')
        }
        const below = all.filter(({ offset }) => offset < watermark!)
        expect(tracker.completed).toBe(below.filter(({ by }) => by === 'us').length)
        expect(tracker.highestFinished).toBe(all.findLast(({ by }) => by === 'us')?.offset ?? -1)
      }),
    )
  })
})
