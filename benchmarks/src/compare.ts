/** What became of each ratio since an earlier run. Never of absolute figures: those say which machine it was. */
import { difference, type Header } from './header.js'
import type { Result } from './report.js'

/** A result, and under what it was measured: undefined for one of a file without headers. */
export interface Measured extends Result {
  header: Header | undefined
}

export interface Change {
  /** Suite, case and unit. */
  name: string
  before: number
  now: number
  /** How much worse the ratio is, as a share: 0.1 is a tenth slower or dearer, negative is better. */
  worse: number
}

export interface Comparison {
  /** Of the cases that have a ratio in both, under the same conditions; in the order of `now`. */
  changes: Change[]
  /** All other ratios of the suites of `now`, and why: a line for each suite and reason. */
  leftOut: string[]
}

/** @param before where it has a case more than once, the last one under the same conditions counts */
export function compare(now: readonly Measured[], before: readonly Measured[]): Comparison {
  const changes: Change[] = []
  const leftOut = new Map<string, Set<string>>()
  const leaveOut = ({ suite, case: name, unit }: Result, why: string) => {
    const line = `${suite} is not compared, ${why}`
    leftOut.set(line, (leftOut.get(line) ?? new Set()).add(`${name}, ${unit}`))
  }
  const [ours, theirs] = [now.filter(hasRatio), before.filter(hasRatio)]
  for (const result of ours) {
    const sameCase = theirs.filter((earlier) => nameOf(earlier) === nameOf(result))
    const reasons = sameCase.map(({ header }) => difference(result.header, header))
    const earlier = sameCase[reasons.lastIndexOf(undefined)]
    if (earlier === undefined) leaveOut(result, reasons.at(-1) ?? 'no ratio before')
    else changes.push(changeOf(result, earlier.ratio))
  }
  const names = new Set(ours.map(nameOf))
  for (const earlier of theirs) {
    const ofSuite = now.find(({ suite }) => suite === earlier.suite)
    const isGone = ofSuite !== undefined && !names.has(nameOf(earlier))
    if (isGone && difference(ofSuite.header, earlier.header) === undefined) leaveOut(earlier, 'no ratio now')
  }
  return { changes, leftOut: [...leftOut].map(([line, cases]) => `${line}: ${[...cases].join('; ')}`) }
}

function hasRatio<R extends Result>(result: R): result is R & { ratio: number } {
  return result.ratio !== null
}

function changeOf(result: Result & { ratio: number }, before: number): Change {
  const worse = moreIsBetter(result.unit) ? before / result.ratio - 1 : result.ratio / before - 1
  return { name: nameOf(result), before, now: result.ratio, worse }
}

/** @returns those that got worse by more than `tolerance`, a share. A ratio that is no number has got worse. */
export function regressions(changes: readonly Change[], tolerance: number): Change[] {
  return changes.filter(({ worse }) => !(worse <= tolerance))
}

export function describe({ name, before, now, worse }: Change): string {
  if (Number.isNaN(worse)) return `${name}: ${before} → ${now}, which is no number`
  const percent = Math.abs(worse * 100).toFixed(1)
  return `${name}: ${before.toFixed(3)} → ${now.toFixed(3)}, ${percent} % ${worse > 0 ? 'worse' : 'better'}`
}

function nameOf({ suite, case: name, unit }: Result): string {
  return `${suite} ${name}, ${unit}`
}

/** Rates end in `/s`; all else is time, CPU or memory. */
function moreIsBetter(unit: string): boolean {
  return unit.endsWith('/s')
}
