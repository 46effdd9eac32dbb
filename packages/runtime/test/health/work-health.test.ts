import { describe, expect, test } from 'vitest'
import type { DeadLetterHealth } from '../../src/delivery/refusal-log.js'
import { errors } from '../../src/errors.js'
import { type HealthFacts, healthBeforeRun, judge } from '../../src/health/work-health.js'

const well: HealthFacts = {
  ...{ phase: 'running', assigned: true, failure: undefined, frozen: false },
  ...{ deadLetters: undefined, circuit: undefined },
  ...{ longestStop: { ms: 3, agoMs: 0 }, blocks: [], recentBlock: undefined, stalls: [] },
}

const of = (facts: Partial<HealthFacts>) => {
  const { live, ready } = judge({ ...well, ...facts })
  for (const { ok, reasons } of [live, ready]) expect(ok).toBe(reasons.length === 0)
  return { live: live.reasons, ready: ready.reasons }
}

test('a run with an assignment is alive and ready', () => {
  expect(of({})).toEqual({ live: [], ready: [] })
})

test.each([
  [{ phase: 'starting', assigned: false }, /^starting/],
  [{ phase: 'running', assigned: false }, /^no assignment yet/],
  [{ phase: 'draining' }, /^stopping/],
  [{ phase: 'stopped' }, /^stopped/],
] as const)('%j is alive, and not ready', (facts, reason) => {
  expect(of(facts)).toEqual({ live: [], ready: [expect.stringMatching(reason)] })
})

test('before the first run it is alive, and not ready', () => {
  const { live, ready } = healthBeforeRun()
  expect([live.ok, ready.ok]).toEqual([true, false])
})

test('a work that failed is neither: its consumer is fenced, a thread could not be ended', () => {
  for (const failure of [errors.ZK_FENCED('billing-1'), errors.ZK_THREAD_UNSTOPPABLE([2], 5_000)]) {
    const { live, ready } = of({ failure, phase: 'stopped' })
    expect(live).toEqual([expect.stringContaining(failure.code)])
    expect(ready).toEqual([expect.stringContaining(failure.code)])
  }
})

test('a main thread that stood still for five seconds of late is not alive, and who did it is named', () => {
  const recentBlock = { by: 'onEvent (committed)', ms: 5_900, at: '' }
  expect(of({ longestStop: { ms: 4_999, agoMs: 10 }, recentBlock }).live).toEqual([])
  expect(of({ longestStop: { ms: 6_000, agoMs: 2_000 }, recentBlock }).live).toEqual([
    'the main thread stood still for 6.0 s, until 2.0 s ago; onEvent (committed) took 5.9 s of it',
  ])
})

test('frozen, it does not know what it owns, and is not ready', () => {
  expect(of({ frozen: true })).toEqual({ live: [], ready: [expect.stringMatching(/^frozen: /)] })
})

describe('dead letters', () => {
  const letters: DeadLetterHealth = {
    ...{ topic: 'orders.dlt', waiting: 3, oldestMs: 9_000, refusingMs: undefined, reason: undefined },
    ...{ written: 1, refused: 0, retried: 0, uncertain: 0 },
  }

  test('that are refused make it unready, with the reason, and leave it alive', () => {
    const deadLetters = { ...letters, refusingMs: 12_000, reason: 'Broker: Invalid timestamp' }
    expect(of({ deadLetters })).toEqual({
      live: [],
      ready: [
        'dead letters: orders.dlt has refused them for 12.0 s (Broker: Invalid timestamp); 3 records wait for it',
      ],
    })
  })

  test('that get no answer for ten seconds do as well', () => {
    expect(of({ deadLetters: letters })).toEqual({ live: [], ready: [] })
    expect(of({ deadLetters: { ...letters, waiting: 1, oldestMs: 10_000 } })).toEqual({
      live: [],
      ready: ['dead letters: orders.dlt has not acknowledged one for 10.0 s; 1 record waits for it'],
    })
  })

  test('that were refused, and that nobody wants written any more, do not', () => {
    const deadLetters = { ...letters, waiting: 0, oldestMs: undefined, refusingMs: 900_000, reason: 'no' }
    expect(of({ deadLetters })).toEqual({ live: [], ready: [] })
  })
})

test('the circuit of the whole work, while it holds starts up, makes it unready and leaves it alive', () => {
  for (const state of ['open', 'half-open'] as const) {
    expect(of({ circuit: { state, forMs: 4_000 } })).toEqual({
      live: [],
      ready: [`circuit ${state}: too many records failed in a row, 4.0 s ago; none starts`],
    })
  }
  // A run that ends does not wait for it.
  expect(of({ phase: 'stopped', circuit: { state: 'open', forMs: 4_000 } }).ready).toEqual(['stopped'])
})

test('stalls are told, and make nothing unready', () => {
  const stall = {
    ...{ topic: 't', partition: 0, watermark: 7, lag: 1, key: 'a', since: '', forMs: 1 },
    cause: { type: 'unexplained', thread: 0 } as const,
  }
  expect(judge({ ...well, stalls: [stall] })).toMatchObject({
    live: { ok: true },
    ready: { ok: true },
    stalls: [stall],
  })
})
