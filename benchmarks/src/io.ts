/**
 * A handler that waits 5 ms, as for a service: messages a second against what so many handlers at once can do, the
 * concurrency divided by the time that they took; and concurrency 'auto', from its start on, against the fixed 100 of the same
 * run.
 */
import type { SuiteOptions } from './cli.js'
import { filledTopic } from './kafka-topic.js'
import { type Result, summarize } from './report.js'
import { type SleepRun, sleepRun } from './sleep-run.js'

const VALUE_BYTES = 200
/** Messages of a run: some three seconds each. */
const CASES = [
  { concurrency: 16, messages: 9_000 },
  { concurrency: 100, messages: 50_000 },
  { concurrency: 1_000, messages: 150_000 },
]
const AUTO = { concurrency: 'auto', messages: 150_000 } as const
/** What 'auto' is compared with: a number that somebody might have chosen. */
const CHOSEN = CASES.findIndex(({ concurrency }) => concurrency === 100)

export async function io({ runs, messages, bootstrap, progress }: SuiteOptions): Promise<Result[]> {
  const cases = [...CASES, AUTO]
  const most = Math.max(...cases.map((of) => messages ?? of.messages))
  const topic = await filledTopic({ bootstrap, messages: most, valueBytes: VALUE_BYTES })
  const results: SleepRun[][] = cases.map(() => [])
  try {
    for (let run = 0; run < runs; run++) {
      for (const [i, { concurrency, messages: own }] of cases.entries()) {
        progress(`run ${run + 1} of ${runs}: concurrency ${concurrency}`)
        const options = { topic, messages: messages ?? own, speedup: 1, concurrency, affinity: 'hash' as const }
        results[i]!.push(await sleepRun(options))
      }
    }
  } finally {
    await topic.close()
  }
  const rates = (of: readonly SleepRun[]) => of.map(({ perSecond }) => perSecond)
  return [
    ...CASES.map(({ concurrency }, i) =>
      summarize({
        suite: 'io',
        case: `5 ms sleep, concurrency ${concurrency.toLocaleString('en-US')} in one thread`,
        unit: 'messages/s',
        values: rates(results[i]!),
        baselines: results[i]!.map(({ handlerMs }) => (concurrency * 1_000) / handlerMs),
      }),
    ),
    summarize({
      suite: 'io',
      case: "5 ms sleep, concurrency 'auto' from its start, against 100",
      unit: 'messages/s',
      values: rates(results.at(-1)!),
      baselines: rates(results[CHOSEN]!),
    }),
  ]
}
