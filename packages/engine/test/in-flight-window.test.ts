import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { InFlightWindow, type WindowLimits } from '../src/in-flight-window.js'

function windowOf(limits: WindowLimits, ...members: number[]): InFlightWindow {
  const window = new InFlightWindow(limits)
  for (const slot of members) window.join(slot)
  return window
}

describe('InFlightWindow', () => {
  test('a record larger than the byte limit is admitted alone, and nothing beside it', () => {
    const window = windowOf({ minMessages: 8, maxMessages: 8, maxBytes: 100 }, 0)
    expect(window.admit(0, 1)).toBe(true)
    expect(window.admit(0, 500)).toBe(false)
    window.release(0, 1)
    expect(window.admit(0, 500)).toBe(true)
    expect(window.freeBytes).toBe(0)
    expect(window.admit(0, 0)).toBe(false)
    window.release(0, 500)
    expect(window.admit(0, 1)).toBe(true)
  })

  test('holds what the handlers take 20 ms for, moves by at most a factor of two, and stays between its limits', () => {
    const window = windowOf({ minMessages: 16, maxMessages: 100, maxBytes: 1 }, 0)
    expect(window.maxMessages).toBe(16)
    window.adapt(1, 0.1)
    expect(window.maxMessages).toBe(32)
    window.adapt(1, 0)
    window.adapt(1, 0)
    expect(window.maxMessages).toBe(100)
    window.adapt(1, 1_000)
    expect(window.maxMessages).toBe(50)
    window.adapt(2, 1)
    expect(window.maxMessages).toBe(40)
    window.adapt(2, 1)
    expect(window.maxMessages).toBe(40)
    window.adapt(1, 1_000)
    window.adapt(1, 1_000)
    expect(window.maxMessages).toBe(16)
  })

  test('can be told to hold more at least, as far as it may grow', () => {
    const window = windowOf({ minMessages: 16, maxMessages: 100, maxBytes: 1 }, 0)
    window.atLeast(60)
    expect(window.maxMessages).toBe(60)
    window.adapt(1, 1_000)
    expect(window.maxMessages).toBe(60)
    window.atLeast(40)
    window.adapt(1, 1_000)
    expect(window.maxMessages).toBe(60)
    window.atLeast(500)
    expect(window.maxMessages).toBe(100)
  })

  test('is at least two messages for each partition, as far as its upper limit allows', () => {
    const window = windowOf({ minMessages: 4, maxMessages: 10, maxBytes: 1 }, 0, 1, 2)
    expect(window.maxMessages).toBe(6)
    for (const slot of [3, 4, 5, 6]) window.join(slot)
    expect(window.maxMessages).toBe(10)
  })
})

/** The same, from scratch at every question: no counter that could drift. */
class NaiveWindow {
  readonly inside: { slot: number; size: number }[] = []
  readonly members = new Set<number>()

  constructor(readonly limits: WindowLimits) {}

  held(slot: number) {
    const own = this.inside.filter((record) => record.slot === slot)
    return { messages: own.length, bytes: own.reduce((sum, { size }) => sum + size, 0) }
  }

  share(maxMessages: number) {
    const parts = this.members.size < 2 ? Number.POSITIVE_INFINITY : 2 * this.members.size
    const least = this.members.size >= 2 && this.members.size < maxMessages ? 1 : 0
    return {
      messages: Math.max(least, Math.floor(maxMessages / parts)),
      bytes: Math.floor(this.limits.maxBytes / parts),
    }
  }

  admits(slot: number, size: number, maxMessages: number): boolean {
    if (this.inside.length === 0) return true
    const share = this.share(maxMessages)
    const bytes = this.inside.reduce((sum, record) => sum + record.size, 0)
    if (this.inside.length + 1 > this.limits.maxMessages || bytes + size > this.limits.maxBytes) return false
    const own = this.held(slot)
    const isMember = this.members.has(slot)
    // One without bytes takes nothing from the share of others, however much its partition has.
    const isWithinBytes = size <= Math.max(0, share.bytes - own.bytes)
    if (isMember && own.messages + 1 <= share.messages && isWithinBytes) return true
    let [keptMessages, keptBytes] = [0, 0]
    for (const other of this.members) {
      if (other === slot) continue
      const theirs = this.held(other)
      keptMessages += Math.max(0, share.messages - theirs.messages)
      keptBytes += Math.max(0, share.bytes - theirs.bytes)
    }
    return this.inside.length + 1 + keptMessages <= maxMessages && bytes + size + keptBytes <= this.limits.maxBytes
  }
}

test('admits what a naive count admits, whatever comes, goes, joins and leaves; and counts to zero', () => {
  const slot = fc.nat({ max: 4 })
  const size = fc.oneof(fc.nat({ max: 3 }), fc.nat({ max: 60 }))
  const step = fc.oneof(
    fc.record({ type: fc.constant('admit' as const), slot, size }),
    fc.record({ type: fc.constant('release' as const), at: fc.nat() }),
    fc.record({ type: fc.constant('adapt' as const), ms: fc.double({ min: 0, max: 50, noNaN: true }) }),
    fc.record({ type: fc.constantFrom('join' as const, 'leave' as const), slot }),
  )
  const limits = { minMessages: 4, maxMessages: 20, maxBytes: 50 }
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
      const window = new InFlightWindow(limits)
      const naive = new NaiveWindow(limits)
      for (const step of steps) {
        for (const [slot, messages] of window.bySlot().entries()) expect(messages).toBe(naive.held(slot).messages)
        if (step.type === 'admit') {
          const expected = naive.admits(step.slot, step.size, window.maxMessages)
          expect(window.admit(step.slot, step.size)).toBe(expected)
          if (expected) naive.inside.push({ slot: step.slot, size: step.size })
        } else if (step.type === 'release') {
          const [record] = naive.inside.splice(step.at % Math.max(1, naive.inside.length), 1)
          if (record !== undefined) window.release(record.slot, record.size)
        } else if (step.type === 'adapt') {
          window.adapt(2, step.ms)
        } else {
          window[step.type](step.slot)
          naive.members[step.type === 'join' ? 'add' : 'delete'](step.slot)
        }
        expect(window.maxMessages).toBeGreaterThanOrEqual(4)
        expect(window.maxMessages).toBeLessThanOrEqual(20)
        expect(window.messages).toBe(naive.inside.length)
        expect(window.bytes).toBe(naive.inside.reduce((sum, record) => sum + record.size, 0))
        expect(window.messages).toBeLessThanOrEqual(20)
        if (window.messages > 1) expect(window.bytes).toBeLessThanOrEqual(50)
      }
      for (const record of naive.inside) window.release(record.slot, record.size)
      expect([window.messages, window.bytes]).toEqual([0, 0])
    }),
    { numRuns: 300 },
  )
})
