/**
 * What the runtime adds to the latency of a record, from the producer's call to the handler's first line, at 1,000 records
 * a second: beside bare consumers of the same topic, by turns. Producer and consumers are processes of their own.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { byTurns } from './by-turns.js'
import { childResult } from './child.js'
import { undoneAtSignal } from './interrupt.js'
import { type BenchTopic, emptyTopic } from './kafka-topic.js'
import type { LatencyRun } from './latency-run.js'
import { type Result, summarize } from './report.js'
import type { SuiteOptions } from './suites.js'

const RATE = 1_000
/** Six seconds of records, and what a group and a process take to start. */
const DEADLINE_MS = 30_000
const MODES = { flowing: 'bare consumer, flowing', single: 'bare consume(1)' } as const

export async function latency({ runs, bootstrap, progress }: SuiteOptions): Promise<Result[]> {
  const topic = await emptyTopic({ bootstrap, name: `bench-latency-${process.pid}-${Date.now()}` })
  const at = [topic.bootstrap, topic.name, bootstrap === undefined ? 'embedded' : 'kafka']
  const child = (script: string, ...args: string[]) =>
    childResult<LatencyRun>(script, [...at, ...args], { deadlineMs: DEADLINE_MS })
  const sides = {
    flowing: () => child('latency-bare.js', 'flowing'),
    single: () => child('latency-bare.js', 'single'),
    own: () => child('latency-zk.js'),
  }
  let stop = async () => {}
  try {
    stop = await paced(topic)
    const { own, ...bare } = await byTurns(runs, sides, progress)
    return (['flowing', 'single'] as const).flatMap((mode) => [
      ...figures('p50', MODES[mode], own, bare[mode]),
      ...figures('p99', MODES[mode], own, bare[mode]),
    ])
  } finally {
    await stop()
    await topic.close()
  }
}

/** @returns what ends the producer */
async function paced(topic: BenchTopic): Promise<() => Promise<void>> {
  const script = fileURLToPath(new URL('latency-producer.js', import.meta.url))
  const producer = spawn(process.execPath, [script, topic.bootstrap, topic.name, String(RATE)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const closed = once(producer, 'close')
  const stop = async () => {
    producer.kill('SIGKILL')
    await closed
  }
  const forget = undoneAtSignal(stop)
  const began = await Promise.race([once(producer.stdout, 'data').then(() => true), closed.then(() => false)])
  if (!began) throw new Error('latency: the producer ended before its first record was acknowledged')
  return async () => {
    await stop()
    forget()
  }
}

function figures(
  quantile: 'p50' | 'p99',
  beside: string,
  own: readonly LatencyRun[],
  bare: readonly LatencyRun[],
): Result[] {
  const common = { suite: 'latency', unit: 'ms' }
  const values = own.map((run) => run[quantile])
  const baselines = bare.map((run) => run[quantile])
  const added = values.map((value, i) => value - baselines[i]!)
  return [
    summarize({ ...common, case: `${quantile} at 1,000 messages/s, ${beside}`, values, baselines }),
    summarize({ ...common, case: `${quantile} added to ${beside}`, values: added }),
  ]
}
