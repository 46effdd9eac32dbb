import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { checkLedger, contradictions } from '../../src/ledger/check-ledger.js'
import { type Invariant, invariants } from '../../src/ledger/invariant.js'

const dir = join(import.meta.dirname, '../ledgers')
const names = readdirSync(dir)
  .filter((name) => name.endsWith('.jsonl'))
  .map((name) => name.slice(0, -'.jsonl'.length))
const fileOf = (name: string) => join(dir, `${name}.jsonl`)
/** What the checker must say of each ledger that is not right. */
const said: Record<string, string[]> = JSON.parse(readFileSync(join(dir, 'contradictions.json'), 'utf8'))

const right = names.filter((name) => name.startsWith('right-'))
const rejected = names.filter((name) => !name.startsWith('right-'))

test.each(right)('%s is accepted', (name) => {
  const verdict = checkLedger(fileOf(name))
  expect(contradictions(verdict)).toEqual([])
  expect(verdict.ok).toBe(true)
})

test.each(rejected)('%s is rejected with its first contradiction', (name) => {
  const verdict = checkLedger(fileOf(name))
  expect(verdict.ok).toBe(false)
  expect(contradictions(verdict)).toEqual(said[name])
  const [kind, invariant] = name.split('-')
  if (kind === 'wrong') expect(verdict.invariants[invariant as Invariant].state).toBe('broken')
  else expect(verdict.malformed).not.toEqual([])
})

test('no sentence is without its ledger', () => {
  expect(Object.keys(said).sort()).toEqual(rejected.sort())
})

test.each(Object.keys(invariants))('%s has at least two wrong ledgers', (invariant) => {
  expect(names.filter((name) => name.startsWith(`wrong-${invariant}-`)).length).toBeGreaterThanOrEqual(2)
})

describe('options', () => {
  test('a waived invariant keeps its contradiction and fails nothing', () => {
    const verdict = checkLedger(fileOf('wrong-I3-two-threads-at-once'), { waive: ['I3'] })
    expect(verdict.ok).toBe(true)
    expect(verdict.invariants.I3).toMatchObject({
      state: 'waived',
      contradiction: expect.stringContaining('ran twice'),
    })
  })

  test('an invariant of which the ledger says nothing is unseen, and fails only where it is required', () => {
    const file = fileOf('right-dead-letter')
    expect(checkLedger(file).invariants.I7).toEqual({ state: 'unseen', evidence: 0 })
    const required = checkLedger(file, { require: ['I2', 'I7'] })
    expect(required.ok).toBe(false)
    expect(contradictions(required)).toEqual(['I7 is required, and the ledger says nothing of it'])
    expect(checkLedger(file, { require: ['I2'] }).ok).toBe(true)
  })

  test('no loss is proved only by what was produced', () => {
    const nothing = fileOf('right-nothing-produced-in-it')
    expect(checkLedger(nothing).invariants.I1).toEqual({ state: 'unseen', evidence: 0 })
    expect(checkLedger(nothing, { require: ['I1'] }).ok).toBe(false)
    expect(checkLedger([], { require: ['I1'] }).ok).toBe(false)
    const other = { type: 'produced', key: 'b', seq: 0, topic: 'orders', partition: 1, offset: 0 } as const
    expect(checkLedger([other], { require: ['I1'] }).invariants.I1.state).toBe('broken')
    expect(checkLedger(fileOf('right-pid-comes-again-after-an-exit'), { require: ['I1'] }).ok).toBe(true)
  })

  test('with order by partition, records of different keys may not overlap either', () => {
    const file = fileOf('right-graceful-drain')
    expect(checkLedger(file).ok).toBe(true)
    expect(checkLedger(file, { ordering: 'partition' }).invariants.I3.state).toBe('broken')
  })

  test('a thread with more handlers at a time may die with more of them unmarked', () => {
    const file = fileOf('wrong-I4-two-unmarked-in-one-thread')
    expect(checkLedger(file, { concurrency: 2 }).ok).toBe(true)
  })

  test('how late a process may know of an end can be said', () => {
    expect(checkLedger(fileOf('wrong-I4-left-out-of-a-commit-long-after-its-end'), { ackMs: 7_000 }).ok).toBe(true)
    expect(checkLedger(fileOf('right-ended-shortly-before-the-commits'), { ackMs: 3_000 }).ok).toBe(false)
  })

  test('what counts as a stall can be said', () => {
    expect(checkLedger(fileOf('wrong-I6-stalled-from-the-start'), { stallMs: 31_000 }).ok).toBe(true)
  })
})

describe('counts', () => {
  test('duplicates are counted under what explains them', () => {
    const of = (name: string) => checkLedger(fileOf(name)).counts
    expect(of('right-sigkill-duplicates')).toMatchObject({ duplicates: 1, explainedByDeaths: 1 })
    expect(of('right-drain-deadline-cut')).toMatchObject({ duplicates: 1, explainedByDeadlines: 1 })
    expect(of('right-thread-died-before-the-mark')).toMatchObject({ duplicates: 1, explainedByThreads: 1 })
    expect(of('right-listed-as-finished-does-not-run-again')).toMatchObject({ duplicates: 0, spared: 2 })
    expect(of('right-sigkill-duplicates')).toMatchObject({ spared: 0 })
    expect(of('wrong-I4-repeated-without-a-death')).toMatchObject({ duplicates: 1, explainedByDeaths: 0 })
  })

  test('records are counted once, whatever became of them', () => {
    expect(checkLedger(fileOf('right-dead-letter')).counts).toEqual({
      ...{ lines: 16, torn: 0, produced: 3, succeeded: 2, dead: 1, failed: 0, deliveries: 4 },
      ...{ duplicates: 0, explainedByDeaths: 0, explainedByDeadlines: 0, explainedByThreads: 0 },
      spared: 0,
    })
  })

  test('torn lines are counted and cost no line but themselves', () => {
    const { counts } = checkLedger(fileOf('right-torn-lines'))
    expect(counts).toMatchObject({ torn: 2, duplicates: 0, deliveries: 4, succeeded: 3 })
  })
})
