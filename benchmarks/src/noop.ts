/**
 * What the runtime costs a message when the handler costs nothing, beside a bare node-rdkafka `consume(1000)` loop on
 * the same broker, alternating. Each run is a process of its own, so that its CPU time is its own. Both sides set
 * `fetch.queue.backoff.ms` to 10: its default of a second would hide everything else.
 */
import { byTurns } from './by-turns.js'
import { childResult } from './child.js'
import type { SuiteOptions } from './cli.js'
import type { NoopRun } from './clock.js'
import { filledTopic } from './kafka-topic.js'
import { type Result, summarize } from './report.js'

const VALUE_BYTES = 200
const SPEEDUPS = [1, 2, 4]
/** What librdkafka's mock cluster keeps of 12 partitions of such records. */
const EMBEDDED_MESSAGES = 200_000
/** Two seconds of the fastest run: shorter ones are mostly about how it starts. */
const KAFKA_MESSAGES = 2_000_000

export async function noop({ runs, messages, bootstrap, progress }: SuiteOptions): Promise<Result[]> {
  const count = messages ?? (bootstrap === undefined ? EMBEDDED_MESSAGES : KAFKA_MESSAGES)
  const topic = await filledTopic({ bootstrap, messages: count, valueBytes: VALUE_BYTES })
  const cases = [
    { name: 'portable reader, speedup 1', args: ['portable', '1'] },
    ...SPEEDUPS.map((speedup) => ({ name: `native reader, speedup ${speedup}`, args: ['native', String(speedup)] })),
  ]
  const at = [topic.bootstrap, topic.name, String(count)]
  const sides = {
    bare: () => childResult<NoopRun>('noop-bare.js', at),
    ...Object.fromEntries(
      cases.map(({ name, args }) => [name, () => childResult<NoopRun>('noop-zk.js', [...at, ...args])] as const),
    ),
  }
  try {
    const measured: Record<string, NoopRun[]> = await byTurns(runs, sides, progress)
    return cases.flatMap(({ name }) => compare(name, measured[name]!, measured.bare!))
  } finally {
    await topic.close()
  }
}

function compare(name: string, own: readonly NoopRun[], bare: readonly NoopRun[]): Result[] {
  const figure = (unit: string, of: (run: NoopRun) => number) =>
    summarize({ suite: 'noop', case: name, unit, values: own.map(of), baselines: bare.map(of) })
  return [
    figure('messages/s', ({ perSecond }) => perSecond),
    figure('process CPU µs/message', ({ cpu }) => cpu),
    figure('main thread µs/message', ({ main }) => main),
  ]
}
