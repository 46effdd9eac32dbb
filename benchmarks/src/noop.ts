/**
 * What the runtime costs a message when the handler costs nothing, beside a bare node-rdkafka `consume(1000)` loop on
 * the same broker, and beside a loop that only takes batches of the native reader; alternating. Each run is a process of its
 * own, so that its CPU time is its own. All sides set `fetch.queue.backoff.ms` to 10: its default of a second would hide
 * everything else.
 */
import { byTurns } from './by-turns.js'
import type { NoopRun } from './clock.js'
import { filledTopic } from './kafka-topic.js'
import { bareRun, ownRun, readRun } from './noop-runs.js'
import { type Result, summarize } from './report.js'
import type { SuiteOptions } from './suites.js'

interface Payload {
  /** As cases say it. */
  name: string
  valueBytes: number
  headers: number
  /** On a real Kafka: some four seconds of the runtime, for shorter ones are mostly about how it starts. */
  messages: number
}

const USUAL: Payload = { name: '', valueBytes: 200, headers: 0, messages: 8_000_000 }
const OTHERS: readonly Payload[] = [
  { name: ', 1 KiB values', valueBytes: 1_024, headers: 0, messages: 4_000_000 },
  { name: ', two headers', valueBytes: 200, headers: 2, messages: 6_000_000 },
]
const SPEEDUPS = [1, 2, 4]
/** What node-rdkafka's own reading takes of that on a real Kafka: a quarter keeps it busy for longer. */
const SLOW_SHARE = 1 / 4
/** What librdkafka's mock cluster keeps of 12 partitions of the usual records. It gets no others. */
const EMBEDDED_MESSAGES = 200_000

export async function noop(options: SuiteOptions): Promise<Result[]> {
  const results: Result[] = []
  for (const payload of options.bootstrap === undefined ? [USUAL] : [USUAL, ...OTHERS]) {
    results.push(...(await measure(payload, options)))
  }
  return results
}

async function measure(payload: Payload, options: SuiteOptions): Promise<Result[]> {
  const { runs, messages, bootstrap, progress } = options
  const { valueBytes, headers } = payload
  const count = messages ?? (bootstrap === undefined ? EMBEDDED_MESSAGES : payload.messages)
  const topic = await filledTopic({ bootstrap, messages: count, valueBytes, headers })
  const natives = Object.fromEntries(
    SPEEDUPS.map((speedup) => [`native reader, speedup ${speedup}`, ownRun(topic, count, speedup)] as const),
  )
  const few = Math.ceil(count * (bootstrap === undefined ? 1 : SLOW_SHARE))
  const portable = payload === USUAL ? { 'portable reader, speedup 1': ownRun(topic, few, 1, 'portable') } : {}
  const sides = { bare: bareRun(topic, few), read: readRun(topic, count), ...natives, ...portable }
  try {
    const { bare, read, ...own }: Record<string, NoopRun[]> = await byTurns(runs, sides, progress)
    return Object.entries(own).flatMap(([reader, measured]) => {
      const name = `${reader}${payload.name}`
      const besides = Object.hasOwn(natives, reader) ? [besideReading(name, measured, read!)] : []
      return [...besideBare(name, measured, bare!), ...besides]
    })
  } finally {
    await topic.close()
  }
}

function besideBare(name: string, own: readonly NoopRun[], bare: readonly NoopRun[]): Result[] {
  const figure = (unit: string, of: (run: NoopRun) => number) =>
    summarize({ suite: 'noop', case: name, unit, values: own.map(of), baselines: bare.map(of) })
  return [
    figure('messages/s', ({ perSecond }) => perSecond),
    figure('process CPU µs/message', ({ cpu }) => cpu),
    figure('main thread µs/message', ({ main }) => main),
  ]
}

function besideReading(name: string, own: readonly NoopRun[], read: readonly NoopRun[]): Result {
  const rate = ({ perSecond }: NoopRun) => perSecond
  const values = { values: own.map(rate), baselines: read.map(rate) }
  return summarize({ suite: 'noop', case: `reading alone and ${name}`, unit: 'messages/s', ...values })
}
