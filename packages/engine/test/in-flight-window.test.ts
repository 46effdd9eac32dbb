import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { InFlightWindow } from '../src/in-flight-window.js'

describe('InFlightWindow', () => {
  test('a record larger than the byte limit is admitted alone, and nothing beside it', () => {
    const window = new InFlightWindow({ minMessages: 8, maxMessages: 8, maxBytes: 100 })
    expect(window.admit(1)).toBe(true)
    expect(window.admit(500)).toBe(false)
    window.release(1)
    expect(window.admit(500)).toBe(true)
    expect(window.freeBytes).toBe(0)
    expect(window.admit(0)).toBe(false)
    window.release(500)
    expect(window.admit(1)).toBe(true)
  })

  test('holds what the handlers take 20 ms for, moves by at most a factor of two, and stays between its limits', () => {
    const window = new InFlightWindow({ minMessages: 16, maxMessages: 100, maxBytes: 1 })
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

  test('never exceeds its caps by an admission, counts to zero, and always admits into emptiness', () => {
    const step = fc.oneof(
      fc.record({ type: fc.constant('admit' as const), size: fc.oneof(fc.nat({ max: 3 }), fc.nat({ max: 60 })) }),
      fc.record({ type: fc.constant('release' as const), at: fc.nat() }),
      fc.record({ type: fc.constant('adapt' as const), ms: fc.double({ min: 0, max: 50, noNaN: true }) }),
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
        const window = new InFlightWindow({ minMessages: 4, maxMessages: 20, maxBytes: 50 })
        const inside: number[] = []
        for (const step of steps) {
          if (step.type === 'admit') {
            const admitted = window.admit(step.size)
            if (inside.length === 0) expect(admitted).toBe(true)
            if (admitted) inside.push(step.size)
            const bytes = inside.reduce((sum, size) => sum + size, 0)
            if (admitted && inside.length > 1) {
              expect(inside.length).toBeLessThanOrEqual(window.maxMessages)
              expect(bytes).toBeLessThanOrEqual(window.maxBytes)
            } else if (!admitted) {
              expect(inside.length >= window.maxMessages || bytes + step.size > window.maxBytes).toBe(true)
            }
          } else if (step.type === 'release' && inside.length > 0) {
            window.release(inside.splice(step.at % inside.length, 1)[0]!)
          } else if (step.type === 'adapt') {
            window.adapt(2, step.ms)
          }
          expect(window.maxMessages).toBeGreaterThanOrEqual(4)
          expect(window.maxMessages).toBeLessThanOrEqual(20)
          expect(window.messages).toBe(inside.length)
          expect(window.bytes).toBe(inside.reduce((sum, size) => sum + size, 0))
          expect(window.freeMessages).toBe(Math.max(0, window.maxMessages - inside.length))
          expect(window.freeBytes).toBe(Math.max(0, 50 - window.bytes))
        }
        for (const size of inside) window.release(size)
        expect([window.messages, window.bytes]).toEqual([0, 0])
      }),
      { numRuns: 300 },
    )
  })
})
