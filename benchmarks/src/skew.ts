/**
 * Keys by Zipf and a handler that waits 5 ms, 16 at once: messages a second against what the hottest key alone allows,
 * for its records go one after the other, and against 16 at once where that is less.
 */
import { byTurns } from './by-turns.js'
import { filledTopic } from './kafka-topic.js'
import { type Result, summarize } from './report.js'
import { sleepRun } from './sleep-run.js'
import type { SuiteOptions } from './suites.js'
import { zipfKeys } from './zipf.js'

const VALUE_BYTES = 200
const KEYS = 1_000
const IN_FLIGHT = 16
const EXPONENTS = [1, 1.2]
const AFFINITIES = ['hash', 'in-flight'] as const
type Affinity = (typeof AFFINITIES)[number]
/** Some seven seconds at the best of the exponents. */
const MESSAGES = 10_000

export async function skew({ runs, messages = MESSAGES, bootstrap, progress }: SuiteOptions): Promise<Result[]> {
  const results: Result[] = []
  for (const exponent of EXPONENTS) {
    const drawn = zipfKeys(KEYS, exponent, messages)
    const hottest = drawn.filter((key) => key === 0).length / messages
    const keys = { name: `zipf-${exponent}`, of: (i: number) => `key-${drawn[i]}` }
    const topic = await filledTopic({ bootstrap, messages, valueBytes: VALUE_BYTES, keys })
    const side = (affinity: Affinity) => () =>
      sleepRun({ topic, messages, speedup: IN_FLIGHT, concurrency: 1, affinity })
    const sides = { hash: side('hash'), 'in-flight': side('in-flight') }
    const measured = await byTurns(runs, sides, (what) => progress(`Zipf ${exponent}, ${what}`)).finally(() =>
      topic.close(),
    )
    const atOnce = Math.min(IN_FLIGHT, 1 / hottest)
    results.push(
      ...AFFINITIES.map((affinity) =>
        summarize({
          suite: 'skew',
          case: `Zipf ${exponent.toFixed(1)}, ${IN_FLIGHT} threads, affinity ${affinity}`,
          unit: 'messages/s',
          values: measured[affinity].map(({ perSecond }) => perSecond),
          baselines: measured[affinity].map(({ handlerMs }) => (atOnce * 1_000) / handlerMs),
        }),
      ),
    )
  }
  return results
}
