/** What became of each ratio since an earlier run. Never of absolute figures: those say which machine it was. */
import type { Result } from './report.js'

export interface Change {
  /** Suite, case and unit. */
  name: string
  before: number
  now: number
  /** How much worse the ratio is, as a share: 0.1 is a tenth slower or dearer, negative is better. */
  worse: number
}

/** Of the cases that have a ratio in both, in the order of `now`. */
export function compare(now: readonly Result[], before: readonly Result[]): Change[] {
  const known = new Map(before.map((result) => [nameOf(result), result.ratio]))
  return now.flatMap((result) => {
    const name = nameOf(result)
    const earlier = known.get(name) ?? null
    if (result.ratio === null || earlier === null) return []
    const worse = moreIsBetter(result.unit) ? earlier / result.ratio - 1 : result.ratio / earlier - 1
    return [{ name, before: earlier, now: result.ratio, worse }]
  })
}

/** @returns those that got worse by more than `tolerance`, a share. A ratio that is no number has got worse. */
export function regressions(changes: readonly Change[], tolerance: number): Change[] {
  return changes.filter(({ worse }) => !(worse <= tolerance))
}

export function describe({ name, before, now, worse }: Change): string {
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
