/** A summary for people, and for programs. */
import { conditions, happenings } from './races.js'
import type { Outcome } from './schedule.js'
import { countsOf, type Summary } from './seeds.js'

export function hex(hash: number): string {
  return hash.toString(16).padStart(8, '0')
}

/** One JSON object. */
export function toJson(summary: Summary, shrunk: Outcome | undefined): object {
  const { range, schedules, events, milliseconds, hash, races, repeats, failing } = summary
  return {
    ...range,
    schedules,
    schedulesPerSecond: rate(schedules, milliseconds),
    eventsPerSchedule: Math.round(events / schedules),
    hash: hex(hash),
    events: Object.fromEntries(countsOf(summary, 'event')),
    faults: Object.fromEntries(countsOf(summary, 'fault')),
    effects: Object.fromEntries(countsOf(summary, 'effect')),
    races: Object.fromEntries(
      happenings.map((row) => [
        row,
        Object.fromEntries(conditions.map((column) => [column, races.count(row, column)])),
      ]),
    ),
    repeats: Object.fromEntries([...repeats].sort(([a], [b]) => (a < b ? -1 : 1))),
    violation:
      failing === undefined
        ? null
        : {
            seed: failing.outcome.seed,
            profile: failing.profile.name,
            ...failing.outcome.found,
            decisions: failing.outcome.faulty,
            shrunkTo: (shrunk ?? failing.outcome).faulty,
            trace: shrunk?.journal.lines() ?? [],
          },
  }
}

export function toText(summary: Summary): string {
  const { schedules, events, milliseconds, hash, repeats } = summary
  const causes = [...repeats].sort(([a], [b]) => (a < b ? -1 : 1)).map(([cause, count]) => `${cause} ${count}`)
  return [
    `${schedules} schedules in ${(milliseconds / 1000).toFixed(1)} s: ${rate(schedules, milliseconds)}/s, ` +
      `${Math.round(events / schedules)} events each on average, hash ${hex(hash)}`,
    `events    ${list(countsOf(summary, 'event'))}`,
    `faults    ${list(countsOf(summary, 'fault'))}`,
    `effects   ${list(countsOf(summary, 'effect'))}`,
    `repeated  ${causes.join(', ') || 'nothing'}`,
    '',
    'met       (what happened, by what was under way in the same process)',
    ...table(summary),
  ].join('\n')
}

/** Why a schedule is wrong, and its story. */
export function toStory(profile: string, { seed, found, shape, journal, faulty }: Outcome): string {
  return [
    `seed ${seed}, profile ${profile}: ${found === undefined ? 'no violation' : `${found.invariant}: ${found.message}`}`,
    `${faulty} decisions, then calm; ${JSON.stringify(shape)}`,
    ...numbered(journal.lines()),
  ].join('\n')
}

/** With its number, and of many ticks in a row only the last. */
function numbered(lines: readonly string[]): string[] {
  const isTick = (line: string | undefined) => line?.includes('the clock ticks') === true
  return lines.flatMap((line, i) => (isTick(line) && isTick(lines[i + 1]) ? [] : [`${String(i).padStart(5)}  ${line}`]))
}

function rate(schedules: number, milliseconds: number): number {
  return Math.round((schedules * 1000) / Math.max(1, milliseconds))
}

function list(counts: readonly (readonly [string, number])[]): string {
  return counts.map(([kind, count]) => `${kind} ${count}`).join(', ')
}

function table({ races }: Summary): string[] {
  const width = 10
  const head = ['', ...conditions].map((word) => word.padStart(width)).join('')
  const rows = happenings.map((row) =>
    [row, ...conditions.map((column) => String(races.count(row, column)))].map((cell) => cell.padStart(width)).join(''),
  )
  return [head, ...rows]
}
