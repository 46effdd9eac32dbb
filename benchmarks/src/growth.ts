/**
 * How messages a second and CPU a message change with the number of threads and of partitions, with a handler that does nothing:
 * beside a bare consume(1000) loop over the same topic, by turns.
 */
import { byTurns } from './by-turns.js'
import type { NoopRun } from './clock.js'
import { type BenchTopic, filledTopic, IN_TURN, type Keys } from './kafka-topic.js'
import { bareRun, ownRun } from './noop-runs.js'
import { type Result, summarize } from './report.js'
import type { SuiteOptions } from './suites.js'

const VALUE_BYTES = 200
const SPEEDUPS = [1, 2, 4, 8, 16, 32, 64]
const PARTITIONS = [1, 4, 16, 64, 256]
const ONE_PARTITION: Keys = { ...IN_TURN, name: 'one-partition', partition: 0 }
/** Of the runs over partitions: what two cores are best at. */
const SPEEDUP = 2
/** What librdkafka's mock cluster keeps of a single partition, some 230 bytes a record. */
const EMBEDDED_MESSAGES = 20_000
/** Of up to ten threads each has 100,000: before that V8 is still compiling. */
const KAFKA_MESSAGES = 1_000_000

export async function growth({ runs, messages, bootstrap, progress }: SuiteOptions): Promise<Result[]> {
  const count = messages ?? (bootstrap === undefined ? EMBEDDED_MESSAGES : KAFKA_MESSAGES)
  const fill = { bootstrap, messages: count, valueBytes: VALUE_BYTES }
  const results = await overThreads(runs, await filledTopic(fill), count, progress)
  const over = async (label: string, how: { partitions?: number; keys?: Keys }) => {
    progress(`a topic of ${label}`)
    const topic = await filledTopic({ ...fill, ...how })
    const sides = { bare: bareRun(topic, count), own: ownRun(topic, count, SPEEDUP) }
    const { bare, own } = await byTurns(runs, sides, (what) => progress(`${label}, ${what}`)).finally(() =>
      topic.close(),
    )
    results.push(...figures(`${label}, speedup ${SPEEDUP}`, own, bare))
  }
  for (const partitions of PARTITIONS) {
    await over(partitions === 1 ? '1 partition' : `${partitions} partitions`, { partitions })
  }
  await over('12 partitions, all records in one', { keys: ONE_PARTITION })
  return results
}

async function overThreads(
  runs: number,
  topic: BenchTopic,
  messages: number,
  progress: (what: string) => void,
): Promise<Result[]> {
  const sides = {
    bare: bareRun(topic, messages),
    ...Object.fromEntries(SPEEDUPS.map((speedup) => [`speedup ${speedup}`, ownRun(topic, messages, speedup)] as const)),
  }
  const measured: Record<string, NoopRun[]> = await byTurns(runs, sides, progress).finally(() => topic.close())
  return SPEEDUPS.flatMap((speedup) =>
    figures(`speedup ${speedup}, 12 partitions`, measured[`speedup ${speedup}`]!, measured.bare!),
  )
}

function figures(name: string, own: readonly NoopRun[], bare: readonly NoopRun[]): Result[] {
  const figure = (unit: string, of: (run: NoopRun) => number) =>
    summarize({ suite: 'growth', case: name, unit, values: own.map(of), baselines: bare.map(of) })
  return [figure('messages/s', ({ perSecond }) => perSecond), figure('process CPU µs/message', ({ cpu }) => cpu)]
}
