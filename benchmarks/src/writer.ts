/** What a write that nobody awaits takes the main thread, and how many a second are acknowledged when none is. */
import { createClient, type Writer } from '@zk/runtime'
import { startEmbeddedBroker } from '@zk/runtime/embedded-broker'
import type { SuiteOptions } from './cli.js'
import { quietLogger } from './quiet-logger.js'
import { type Result, summarize } from './report.js'

const VALUE = Buffer.alloc(200, 'x')
const PARTITIONS = 4

export async function writer({ runs, messages = 50_000, bootstrap }: SuiteOptions): Promise<Result[]> {
  const broker = bootstrap === undefined ? await startEmbeddedBroker({ topics: { writes: PARTITIONS } }) : undefined
  const client = createClient({ bootstrapServers: (bootstrap ?? broker!.bootstrapServers).split(',') })
  const target = client.writer({ topic: 'writes', logger: quietLogger, maxOutstandingRecords: messages + 1 })
  await target.write(VALUE)
  await measure(target, messages)
  const perWrite: number[] = []
  const perSecond: number[] = []
  for (let run = 0; run < runs; run++) {
    const { callMicros, rate } = await measure(target, messages)
    perWrite.push(callMicros)
    perSecond.push(rate)
  }
  await client.close()
  await broker?.stop()
  const where = `${VALUE.length} bytes, ${bootstrap === undefined ? 'embedded broker' : 'Kafka'}`
  return [
    summarize({ suite: 'writer', case: `one call, ${where}`, unit: 'µs', values: perWrite }),
    summarize({ suite: 'writer', case: `acknowledged, ${where}`, unit: 'records/s', values: perSecond }),
  ]
}

async function measure(target: Writer, messages: number): Promise<{ callMicros: number; rate: number }> {
  const started = performance.now()
  for (let i = 0; i < messages; i++) void target.writeKey(`key-${i % 100}`, VALUE)
  const called = performance.now()
  await target.flush()
  return {
    callMicros: ((called - started) * 1_000) / messages,
    rate: (messages * 1_000) / (performance.now() - started),
  }
}
