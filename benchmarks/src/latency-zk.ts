/** One run of the runtime: `latency-zk.js <bootstrap> <topic> <embedded|kafka>`. */
import { createClient } from '@zk/runtime'
import { fetchWait } from './fetch-wait.js'
import { SAMPLES, SKIPPED, told } from './latency-run.js'
import { quietLogger } from './quiet-logger.js'

const [bootstrap, topic, broker] = process.argv.slice(2) as [string, string, string]
const latencies = new SharedArrayBuffer((1 + SKIPPED + SAMPLES) * 8)
const client = createClient({
  bootstrapServers: bootstrap.split(','),
  additionalProps: fetchWait(broker === 'embedded'),
})
const work = client.workFactory({ logger: quietLogger }).create({
  topic,
  groupId: `latency-zk-${process.pid}-${Date.now()}`,
  processor: new URL('./latency-processor.js', import.meta.url),
  processorOptions: latencies,
  speedup: 1,
  autoOffsetReset: 'latest',
})
const done = new AbortController()
const seen = new Float64Array(latencies)
const look = setInterval(() => {
  if (seen[0]! < SKIPPED + SAMPLES) return
  clearInterval(look)
  told(seen.subarray(1))
  done.abort()
}, 100)
await work.run({ shutdown: done.signal })
await client.close()
