import { createIndexer, type IndexedLedger } from './indexed-ledger.js'
import { type Finding, type Invariant, invariants, type Judge, type JudgeOptions } from './invariant.js'
import { cleanEnd } from './invariants/clean-end.js'
import { commits } from './invariants/commits.js'
import { type DuplicateCounts, duplicates } from './invariants/duplicates.js'
import { keyOrder } from './invariants/key-order.js'
import { noLoss } from './invariants/no-loss.js'
import { noOverlap } from './invariants/no-overlap.js'
import { progress } from './invariants/progress.js'
import { window } from './invariants/window.js'
import type { LedgerLine } from './lines.js'
import { type ReadResult, readLedger } from './reader.js'
import { unexplainedTears } from './torn-lines.js'

export interface CheckOptions extends Partial<JudgeOptions> {
  /** Invariants that this run does not promise. */
  waive?: readonly Invariant[]
  /** Invariants of which the ledger must say something: for these, `unseen` is a failure. */
  require?: readonly Invariant[]
}

export interface LedgerVerdict {
  ok: boolean
  invariants: Record<Invariant, InvariantVerdict>
  counts: LedgerCounts
  /** Lines that make the ledger itself incredible, as sentences. Any of them fails it. */
  malformed: string[]
  /** Required invariants of which the ledger says nothing. Any of them fails it. */
  unproven: Invariant[]
}

export interface InvariantVerdict {
  /** `unseen`: the ledger has no line that could prove or disprove it. */
  state: 'held' | 'broken' | 'waived' | 'unseen'
  /** How many things were judged. */
  evidence: number
  /** The first contradiction, also where the invariant was waived. */
  contradiction?: string
}

export interface LedgerCounts extends DuplicateCounts {
  lines: number
  /** Lines cut short by the death of their writer. */
  torn: number
  produced: number
  /** Records with a successful delivery. */
  succeeded: number
  dead: number
  /** Completed by the rule for exhausted records, without a dead letter. */
  failed: number
  deliveries: number
}

const defaults: JudgeOptions = { ordering: 'key', concurrency: 1, stallMs: 30_000, ackMs: 5_000 }

const judges: Record<Exclude<Invariant, 'I4'>, Judge> = {
  I1: noLoss,
  I2: keyOrder,
  I3: noOverlap,
  I5: commits,
  I6: progress,
  I7: window,
  I8: cleanEnd,
}

/**
 * Judges a run by its ledger: a file, or its lines in order. Reads the file once, in pieces; a million lines take a few
 * seconds. Throws only when the file cannot be read.
 */
export function checkLedger(source: string | Iterable<LedgerLine>, options: CheckOptions = {}): LedgerVerdict {
  const { waive = [], require = [], ...given } = options
  const judging = { ...defaults, ...given }
  const { ledger, read, lines } = load(source)
  const { counts: duplicateCounts, ...duplicateFinding } = duplicates(ledger, judging)

  const verdicts = {} as Record<Invariant, InvariantVerdict>
  for (const invariant of Object.keys(invariants) as Invariant[]) {
    const finding = invariant === 'I4' ? duplicateFinding : judges[invariant](ledger, judging)
    verdicts[invariant] = verdictOf(finding, waive.includes(invariant))
  }
  const torn = unexplainedTears(read.torn, ledger)
  const malformed = [...read.malformed, ...torn, ...ledger.malformed].map(([number, why]) => `line ${number} ${why}`)
  const unproven = require.filter((invariant) => verdicts[invariant].state === 'unseen')
  const broken = Object.values(verdicts).some((v) => v.state === 'broken')
  return {
    ok: !broken && malformed.length === 0 && unproven.length === 0,
    invariants: verdicts,
    counts: { lines, torn: read.torn.length, ...countRecords(ledger), ...duplicateCounts },
    malformed,
    unproven,
  }
}

function load(source: string | Iterable<LedgerLine>): { ledger: IndexedLedger; read: ReadResult; lines: number } {
  const indexer = createIndexer()
  let lines = 0
  const add = (line: LedgerLine, number: number): void => {
    lines++
    indexer.add(line, number)
  }
  let read: ReadResult = { torn: [], malformed: [] }
  if (typeof source === 'string') read = readLedger(source, add)
  else for (const line of source) add(line, lines + 1)
  return { ledger: indexer.finish(), read, lines }
}

function verdictOf({ evidence, contradiction }: Finding, waived: boolean): InvariantVerdict {
  const state = waived ? 'waived' : contradiction !== undefined ? 'broken' : evidence === 0 ? 'unseen' : 'held'
  return contradiction === undefined ? { state, evidence } : { state, evidence, contradiction }
}

function countRecords(ledger: IndexedLedger) {
  const counts = { produced: ledger.produced, succeeded: 0, dead: 0, failed: 0, deliveries: ledger.deliveries.length }
  for (const { records } of ledger.partitions) {
    for (const record of records.values()) {
      if (record.succeededAt !== undefined) counts.succeeded++
      if (record.outcome) counts[record.outcome.line.type]++
    }
  }
  return counts
}

/** The verdict's failures in one line each, for the message of a failed test. Empty when the ledger is accepted. */
export function contradictions(verdict: LedgerVerdict): string[] {
  const broken = Object.entries(verdict.invariants).filter(([, v]) => v.state === 'broken')
  return [
    ...verdict.malformed,
    ...broken.map(([invariant, v]) => `${invariant}: ${v.contradiction}`),
    ...verdict.unproven.map((invariant) => `${invariant} is required, and the ledger says nothing of it`),
  ]
}
