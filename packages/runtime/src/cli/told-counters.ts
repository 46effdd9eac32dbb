/** Counters of a run in words, for the live view and the last line. */

const WORDS = {
  processed: 'processed',
  failed: 'failed',
  deadLettered: 'dead-lettered',
  redelivered: 'redelivered',
  threadDeaths: 'thread deaths',
  committed: 'committed',
} as const

type Counter = keyof typeof WORDS

/** What there is none of is said only of records that were processed and committed. */
const ALWAYS: readonly Counter[] = ['processed', 'committed']

/** @returns each with its number, such as `failed 3` */
export function toldCounters(counters: Readonly<Record<Counter, number>>, which?: readonly Counter[]): string[] {
  const names = which ?? (Object.keys(WORDS) as Counter[])
  return names.flatMap((name) => {
    const count = counters[name]
    return count > 0 || ALWAYS.includes(name) ? [`${WORDS[name]} ${count.toLocaleString('en-US')}`] : []
  })
}
