/**
 * A CPU-bound handler of about a millisecond: speedup N against 1, and against what N bare worker threads reach with the
 * same handler and no Kafka, alternating.
 */
import { once } from 'node:events'
import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import { createClient } from '@zk/runtime'
import { byTurns } from './by-turns.js'
import { type BenchTopic, filledTopic } from './kafka-topic.js'
import { quietLogger } from './quiet-logger.js'
import { type Result, summarize } from './report.js'
import type { SuiteOptions } from './suites.js'
import { workRate } from './work-rate.js'

const VALUE_BYTES = 200

/** How often the progress of a run is looked at: each look takes time from a handler, and a run takes seconds. */
const LOOK_MS = 200

const MESSAGES_A_THREAD = 10_000

/** Share of the records that both sides go through before they are measured: V8 compiles meanwhile, on the same cores. */
const WARM_UP = 0.2

/** Where the runtime's measurement ends: behind it one thread may have nothing left to do while the other still works. */
const LAST = 0.95

export async function cpu(options: SuiteOptions): Promise<Result[]> {
  const threads = availableParallelism()
  const { runs, messages = MESSAGES_A_THREAD * threads, bootstrap, progress } = options
  const topic = await filledTopic({ bootstrap, messages, valueBytes: VALUE_BYTES })
  const sides = {
    bare: () => bareWorkers(threads, messages),
    many: () => runtime(topic, messages, threads),
    one: () => runtime(topic, messages, 1),
  }
  const { bare, many, one } = await byTurns(runs, sides, progress).finally(() => topic.close())
  const result = (name: string, values: number[], baselines: number[]) =>
    summarize({ suite: 'cpu', case: name, unit: 'messages/s', values, baselines })
  return [
    result(`speedup ${threads} against ${threads} bare worker threads`, many, bare),
    result(`speedup ${threads} against 1`, many, one),
  ]
}

/** What the threads reach together, each in its own time: none waits for another. */
async function bareWorkers(threads: number, messages: number): Promise<number> {
  const share = Math.floor(messages / threads)
  const warmUp = Math.floor(share * WARM_UP)
  const workerData = { warmUp, messages: share - warmUp, valueBytes: VALUE_BYTES }
  const workers = Array.from(
    { length: threads },
    () => new Worker(new URL('./cpu-bare-worker.js', import.meta.url), { workerData }),
  )
  await Promise.all(workers.map((worker) => once(worker, 'message')))
  for (const worker of workers) worker.postMessage('go')
  const rates: number[][] = await Promise.all(workers.map((worker) => once(worker, 'message')))
  await Promise.all(workers.map((worker) => worker.terminate()))
  return rates.flat().reduce((sum, perSecond) => sum + perSecond, 0)
}

async function runtime({ bootstrap, name }: BenchTopic, messages: number, speedup: number): Promise<number> {
  const client = createClient({ bootstrapServers: bootstrap.split(',') })
  const work = client.workFactory({ logger: quietLogger }).create({
    topic: name,
    groupId: `cpu-${process.pid}-${Date.now()}`,
    processor: new URL('./cpu-processor.js', import.meta.url),
    speedup,
  })
  const perSecond = await workRate(work, messages * LAST, LOOK_MS, messages * WARM_UP)
  await client.close()
  return perSecond
}
