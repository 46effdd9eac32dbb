/** One run of the runtime with handlers that wait, over a topic that is there. */
import { createClient } from '@zk/runtime'
import type { BenchTopic } from './kafka-topic.js'
import { quietLogger } from './quiet-logger.js'
import { workRate } from './work-rate.js'

/** How often the progress of a run is looked at: short beside a run of seconds. */
const LOOK_MS = 10

export interface SleepRun {
  perSecond: number
  /** Mean, measured in the handler: a timer of 5 ms takes more. */
  handlerMs: number
}

export interface SleepRunOptions {
  topic: BenchTopic
  messages: number
  speedup: number
  concurrency: number | 'auto'
  affinity: 'hash' | 'in-flight'
}

let runs = 0

/** From the first record that is seen to be finished to the last. */
export async function sleepRun({ topic, messages, ...options }: SleepRunOptions): Promise<SleepRun> {
  const client = createClient({ bootstrapServers: topic.bootstrap.split(',') })
  const spent = new SharedArrayBuffer(options.speedup * 16)
  const work = client.workFactory({ logger: quietLogger }).create({
    ...options,
    topic: topic.name,
    groupId: `sleep-${process.pid}-${Date.now()}-${++runs}`,
    processor: new URL('./sleep-processor.js', import.meta.url),
    processorOptions: spent,
  })
  const perSecond = await workRate(work, messages, LOOK_MS)
  await client.close()
  return { perSecond, handlerMs: meanOf(new Float64Array(spent)) }
}

function meanOf(spent: Float64Array): number {
  let total = 0
  let handlers = 0
  for (let i = 0; i < spent.length; i += 2) {
    total += spent[i]!
    handlers += spent[i + 1]!
  }
  return total / handlers
}
