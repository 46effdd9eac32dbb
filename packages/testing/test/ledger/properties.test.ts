import fc from 'fast-check'
import { expect, test } from 'vitest'
import { checkLedger, contradictions } from '../../src/ledger/check-ledger.js'
import { type HistoryPlan, writeHistory } from './history.js'
import { mutations } from './mutations.js'

const plans: fc.Arbitrary<HistoryPlan> = fc.record({
  partitions: fc.integer({ min: 1, max: 3 }),
  records: fc.integer({ min: 4, max: 40 }),
  keys: fc.integer({ min: 1, max: 5 }),
  threads: fc.integer({ min: 1, max: 3 }),
  choices: fc.array(fc.nat(1000), { minLength: 20, maxLength: 400, size: 'max' }),
})

test('every legal history is accepted', () => {
  fc.assert(
    fc.property(plans, (plan) => {
      const verdict = checkLedger(writeHistory(plan))
      expect(contradictions(verdict)).toEqual([])
      expect(verdict.ok).toBe(true)
    }),
    { numRuns: 500 },
  )
})

test('the histories hold what they are meant to hold', () => {
  const seen = new Set<string>()
  for (const plan of fc.sample(plans, { numRuns: 300, seed: 1 })) {
    const lines = writeHistory(plan)
    for (const line of lines) seen.add(line.type)
    const { counts } = checkLedger(lines)
    for (const [name, n] of Object.entries(counts)) if (n > 0) seen.add(name)
  }
  expect([...seen].sort()).toEqual(
    [
      ...['assigned', 'committed', 'cut', 'dead', 'end', 'exit', 'failed', 'killed', 'lost', 'produced', 'progress'],
      ...['revoked', 'start', 'thread-gone', 'window', 'deliveries', 'duplicates', 'explainedByDeadlines'],
      ...['explainedByDeaths', 'explainedByThreads', 'lines', 'spared', 'succeeded'],
    ].sort(),
  )
})

test.each(mutations.map((m) => [m.breaks, m.name, m] as const))(
  '%s is broken when %s',
  (invariant, _name, mutation) => {
    fc.assert(
      fc.property(plans, fc.nat(), (plan, where) => {
        const candidates = mutation.candidates(writeHistory(plan))
        fc.pre(candidates.length > 0)
        const verdict = checkLedger(candidates[where % candidates.length]())
        expect(verdict.ok).toBe(false)
        expect(verdict.invariants[invariant].state).toBe('broken')
        expect(verdict.malformed).toEqual([])
      }),
      { numRuns: 200 },
    )
  },
)
