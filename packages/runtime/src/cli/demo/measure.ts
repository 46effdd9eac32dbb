/** One measured run of a processor over a load. */
import { createClient } from '../../client.js'
import type { Logger } from '../../log/logger.js'
import type { WorkEvent } from '../../work/events.js'
import type { Load } from './load.js'

export interface Measurement {
  speedup: number
  concurrency: number
  messages: number
  seconds: number
  perSecond: number
  /** Mean share of the threads' time that was busy. */
  busy: number
  failed: number
}

export interface MeasureOptions {
  load: Load
  processor: URL | string
  processorOptions?: unknown
  speedup: number
  concurrency: number
  logger: Logger
  onProgress(processed: number): void
}

/** How often the counters are looked at: the resolution of the measured time. */
const LOOK_MS = 20
let runs = 0

/** Reads the whole load with a fresh group. The clock runs from the first assignment to the last finished record. */
export async function measure(options: MeasureOptions): Promise<Measurement> {
  const { load, processor, processorOptions, speedup, concurrency, logger, onProgress } = options
  const client = createClient({ bootstrapServers: load.broker.bootstrapServers.split(',') })
  const groupId = `demo-${process.pid}-${++runs}`
  const work = client.workFactory({ logger }).create({
    // Messages that are made up may well fail one and all, and their time is measured all the same.
    circuitBreaker: false,
    topic: load.topic,
    groupId,
    clientId: groupId,
    processor,
    speedup,
    concurrency,
    ...(processorOptions === undefined ? {} : { processorOptions }),
  })
  const done = new AbortController()
  let started = 0
  /** When the last record was seen to be processed, and how many they were. */
  let finished = { at: 0, processed: 0 }
  let busy: number[] = []
  const watch = setInterval(() => {
    const state = work.state()
    if (state === undefined) return
    const { processed } = state.counters
    onProgress(processed)
    if (processed > finished.processed) finished = { at: performance.now(), processed }
    if (processed >= load.messages) done.abort()
    else if (processed > 0) busy.push(...state.threads.map((thread) => thread.busy))
  }, LOOK_MS)
  const onEvent = ({ type }: WorkEvent) => {
    if (type === 'assigned') started ||= performance.now()
  }
  try {
    // To the end as well: it comes also where a record is missing.
    const summary = await work.run({ shutdown: done.signal, untilEnd: true, stdoutToStderr: true, onEvent })
    if (busy.length === 0) busy = [0]
    if (summary.processed > finished.processed) finished.at = performance.now()
    const seconds = (finished.at - started) / 1000
    return {
      speedup,
      concurrency,
      messages: summary.processed,
      seconds,
      perSecond: summary.processed / seconds,
      busy: busy.reduce((a, b) => a + b, 0) / busy.length,
      failed: summary.failed,
    }
  } finally {
    clearInterval(watch)
    await client.close()
  }
}
