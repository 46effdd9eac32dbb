/** Many schedules, and what they have met. */
import { type Family, familyOf, type Kind, kinds } from './journal.js'
import { type Profile, profiles } from './profiles.js'
import { Races } from './races.js'
import { type Outcome, play } from './schedule.js'

export interface Range {
  readonly from: number
  readonly to: number
}

export interface Summary {
  readonly range: Range
  schedules: number
  events: number
  decisions: number
  milliseconds: number
  /** Of the hashes of all schedules, in their order. */
  hash: number
  readonly counts: Float64Array
  readonly races: Races
  /** Records that started again after they had ended, by cause. */
  readonly repeats: Map<string, number>
  failing: { readonly profile: Profile; readonly outcome: Outcome } | undefined
}

/** With all profiles, a seed stands for one of them too. */
export function profileFor(seed: number, chosen: Profile | undefined): Profile {
  return chosen ?? profiles[seed % profiles.length]!
}

/**
 * Plays the seeds of a range until one breaks an invariant.
 * @param profile undefined: all, in turn
 * @param clock milliseconds
 * @param progress called now and then
 */
export function playSeeds(
  range: Range,
  profile: Profile | undefined,
  clock: () => number,
  progress?: (summary: Summary) => void,
): Summary {
  const summary: Summary = {
    range,
    schedules: 0,
    events: 0,
    decisions: 0,
    milliseconds: 0,
    hash: 0,
    counts: new Float64Array(kinds.length),
    races: new Races(),
    repeats: new Map(),
    failing: undefined,
  }
  const started = clock()
  for (let seed = range.from; seed <= range.to; seed++) {
    const chosen = profileFor(seed, profile)
    const outcome = play(chosen, seed, { races: summary.races })
    add(summary, outcome)
    if (summary.schedules % 1_000 === 0) {
      summary.milliseconds = clock() - started
      progress?.(summary)
    }
    if (outcome.found !== undefined) {
      summary.failing = { profile: chosen, outcome }
      break
    }
  }
  summary.milliseconds = clock() - started
  return summary
}

function add(summary: Summary, { events, decisions, hash, journal, world }: Outcome): void {
  summary.schedules++
  summary.events += events
  summary.decisions += decisions.length / 2
  summary.hash = (Math.imul(summary.hash ^ hash, 0x9e3779b1) ^ (summary.hash >>> 15)) >>> 0
  for (let kind = 0; kind < kinds.length; kind++) summary.counts[kind]! += journal.counts[kind]!
  for (const [cause, count] of world.checker.repeats) {
    summary.repeats.set(cause, (summary.repeats.get(cause) ?? 0) + count)
  }
}

/** How often each kind of a family happened, in the order of the table. */
export function countsOf({ counts }: Pick<Summary, 'counts'>, family: Family): [kind: Kind, count: number][] {
  return kinds.flatMap((kind, i) => (familyOf(kind) === family ? [[kind, counts[i]!]] : []))
}
