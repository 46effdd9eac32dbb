/**
 * What the runtime takes of memory: for each thread, and with a full window of 1 KiB messages for some seconds, beside a plain consumer
 * that keeps as much, and bare threads; by turns. `pnpm prove memory` has the ten-minute runs.
 */
import { byTurns } from './by-turns.js'
import { childResult } from './child.js'
import { emptyTopic, filledTopic } from './kafka-topic.js'
import { type Result, summarize } from './report.js'
import type { Resident } from './resident.js'
import { slope } from './slope.js'
import type { SuiteOptions } from './suites.js'

const THREADS = [1, 2, 4, 8]
const FULL_THREADS = 4
const VALUE_BYTES = 1_024
const DEADLINE_MS = 30_000
/** The mock cluster keeps 5 MiB a partition. */
const EMBEDDED_MESSAGES = 40_000
/** More than the window and librdkafka's queues. */
const KAFKA_MESSAGES = 200_000

export async function memory({ runs, messages, bootstrap, progress }: SuiteOptions): Promise<Result[]> {
  const common = { suite: 'memory', unit: 'MiB' }
  const sides = (at: readonly string[], mode: 'idle' | 'full', threads: readonly number[]) =>
    Object.fromEntries(
      threads.flatMap((count) =>
        (['own', 'bare'] as const).map((side) => {
          const script = side === 'own' ? 'memory-zk.js' : 'memory-bare.js'
          const measure = () => childResult<Resident>(script, [...at, mode, String(count)], { deadlineMs: DEADLINE_MS })
          return [`${side} ${count}`, measure] as const
        }),
      ),
    )
  const empty = await emptyTopic({ bootstrap, name: `bench-memory-${process.pid}-${Date.now()}` })
  const idle: Record<string, Resident[]> = await byTurns(
    runs,
    sides([empty.bootstrap, empty.name], 'idle', THREADS),
    (what) => progress(`idle, ${what} threads`),
  ).finally(() => empty.close())

  const count = messages ?? (bootstrap === undefined ? EMBEDDED_MESSAGES : KAFKA_MESSAGES)
  const topic = await filledTopic({ bootstrap, messages: count, valueBytes: VALUE_BYTES })
  const full: Record<string, Resident[]> = await byTurns(
    runs,
    sides([topic.bootstrap, topic.name], 'full', [FULL_THREADS]),
    (what) => progress(`full, ${what} threads`),
  ).finally(() => topic.close())

  const slopes = (side: string) =>
    Array.from({ length: runs }, (_, run) =>
      slope(THREADS.map((threads) => [threads, idle[`${side} ${threads}`]![run]!.now] as const)),
    )
  return [
    ...THREADS.map((threads) =>
      summarize({
        ...common,
        case: `idle, ${threads} threads`,
        values: idle[`own ${threads}`]!.map(({ now }) => now),
        baselines: idle[`bare ${threads}`]!.map(({ now }) => now),
      }),
    ),
    summarize({ ...common, case: 'each thread', values: slopes('own'), baselines: slopes('bare') }),
    summarize({
      ...common,
      case: `peak, window full of 1 KiB messages, ${FULL_THREADS} threads`,
      values: full[`own ${FULL_THREADS}`]!.map(({ peak }) => peak),
      baselines: full[`bare ${FULL_THREADS}`]!.map(({ peak }) => peak),
    }),
  ]
}
