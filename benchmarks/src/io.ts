/**
 * A handler that waits 5 ms, as for a service: messages a second against what so many handlers at once can do, the
 * concurrency divided by the time that they took; and concurrency 'auto', from its start on, against the fixed 100 of the same
 * run.
 */
import { byTurns } from './by-turns.js'
import { filledTopic } from './kafka-topic.js'
import { type Result, summarize } from './report.js'
import { type SleepRun, sleepRun } from './sleep-run.js'
import type { SuiteOptions } from './suites.js'

const VALUE_BYTES = 200
/** Messages of a run: some three seconds each. */
const CASES = [
  { concurrency: 16, messages: 9_000 },
  { concurrency: 100, messages: 50_000 },
  { concurrency: 1_000, messages: 150_000 },
]
const AUTO = { concurrency: 'auto', messages: 150_000 } as const
/** What 'auto' is compared with: a number that somebody might have chosen. */
const CHOSEN = 100

export async function io({ runs, messages, bootstrap, progress }: SuiteOptions): Promise<Result[]> {
  const cases = [...CASES, AUTO]
  const most = Math.max(...cases.map((of) => messages ?? of.messages))
  const topic = await filledTopic({ bootstrap, messages: most, valueBytes: VALUE_BYTES })
  const sides = Object.fromEntries(
    cases.map(({ concurrency, messages: own }) => [
      `concurrency ${concurrency}`,
      () => sleepRun({ topic, messages: messages ?? own, speedup: 1, concurrency, affinity: 'hash' }),
    ]),
  )
  const measured = await byTurns(runs, sides, progress).finally(() => topic.close())
  const runsOf = (concurrency: number | 'auto') => measured[`concurrency ${concurrency}`]!
  const rates = (of: readonly SleepRun[]) => of.map(({ perSecond }) => perSecond)
  return [
    ...CASES.map(({ concurrency }) =>
      summarize({
        suite: 'io',
        case: `5 ms sleep, concurrency ${concurrency.toLocaleString('en-US')} in one thread`,
        unit: 'messages/s',
        values: rates(runsOf(concurrency)),
        baselines: runsOf(concurrency).map(({ handlerMs }) => (concurrency * 1_000) / handlerMs),
      }),
    ),
    summarize({
      suite: 'io',
      case: "5 ms sleep, concurrency 'auto' from its start, against 100",
      unit: 'messages/s',
      values: rates(runsOf('auto')),
      baselines: rates(runsOf(CHOSEN)),
    }),
  ]
}
