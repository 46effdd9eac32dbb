/**
 * What a write that nobody awaits takes the main thread, and how many a second are acknowledged when none is: a writer beside a
 * node-rdkafka producer, by turns.
 */
import { createClient, type Writer } from '@zk/runtime'
import { byTurns } from './by-turns.js'
import { type BenchTopic, emptyTopic } from './kafka-topic.js'
import { quietLogger } from './quiet-logger.js'
import { type Result, summarize } from './report.js'
import type { SuiteOptions } from './suites.js'
import { bareProducer } from './writer-bare.js'

const VALUE = Buffer.alloc(200, 'x')
const PARTITIONS = 4

export interface WriteRun {
  /** Microseconds of the main thread. */
  callMicros: number
  /** Acknowledged records a second. */
  rate: number
}

export async function writer({ runs, messages = 50_000, bootstrap, progress }: SuiteOptions): Promise<Result[]> {
  const topic = await emptyTopic({
    bootstrap,
    name: `bench-writer-${process.pid}-${Date.now()}`,
    partitions: PARTITIONS,
  })
  const measured = await inTopic(topic, runs, messages, progress).finally(() => topic.close())
  const where = `${VALUE.length} bytes, ${bootstrap === undefined ? 'embedded broker' : 'Kafka'}`
  const figure = (name: string, unit: string, of: (run: WriteRun) => number) =>
    summarize({
      ...{ suite: 'writer', case: `${name}, ${where}`, unit },
      values: measured.own.map(of),
      baselines: measured.bare.map(of),
    })
  return [
    figure('one call', 'µs', ({ callMicros }) => callMicros),
    figure('acknowledged', 'records/s', ({ rate }) => rate),
  ]
}

async function inTopic(topic: BenchTopic, runs: number, messages: number, progress: SuiteOptions['progress']) {
  const client = createClient({ bootstrapServers: topic.bootstrap.split(',') })
  const target = client.writer({ topic: topic.name, logger: quietLogger, maxOutstandingRecords: messages + 1 })
  const bare = await bareProducer(topic.bootstrap, topic.name, VALUE, messages + 1)
  const sides = { own: () => measure(target, messages), bare: () => bare.measure(messages) }
  // The first of each: connections are made, and code is compiled.
  await byTurns(1, sides, (what) => progress(`warm-up, ${what}`))
  const measured = await byTurns(runs, sides, progress)
  await bare.close()
  await client.close()
  return measured
}

async function measure(target: Writer, messages: number): Promise<WriteRun> {
  const started = performance.now()
  let refused: unknown
  const onRefused = (error: unknown) => {
    refused ??= error
  }
  for (let i = 0; i < messages; i++) void target.writeKey(`key-${i % 100}`, VALUE).catch(onRefused)
  const called = performance.now()
  await target.flush()
  if (refused !== undefined) throw refused
  return {
    callMicros: ((called - started) * 1_000) / messages,
    rate: (messages * 1_000) / (performance.now() - started),
  }
}
