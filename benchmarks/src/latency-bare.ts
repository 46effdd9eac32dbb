/**
 * One run of a plain node-rdkafka consumer: `latency-bare.js <bootstrap> <topic> <embedded|kafka> <flowing|single>`. Flowing: a
 * thread of node-rdkafka's reads, and hands over each record by an event. Single: `consume(1)`, again and again. (A batch of more
 * waits until it is full or its timeout has passed, for each of its records anew: half a second at 1,000 records a second.)
 */
import { bareConsumer, consumed } from './bare-consumer.js'
import { fetchWait } from './fetch-wait.js'
import { SAMPLES, SKIPPED, told } from './latency-run.js'
import { latencyOf } from './latency-sample.js'

const [bootstrap, topic, broker, mode] = process.argv.slice(2) as [string, string, string, string]
const properties = fetchWait(broker === 'embedded')
const consumer = await bareConsumer({ bootstrap, topic, from: 'latest', properties })
const latencies: number[] = []
const isDone = () => latencies.length >= SKIPPED + SAMPLES
if (mode === 'flowing') {
  await new Promise<void>((resolve) => {
    consumer.on('data', ({ value }) => {
      latencies.push(latencyOf(value as Buffer))
      if (isDone()) resolve()
    })
    consumer.consume()
  })
} else {
  consumer.setDefaultConsumeTimeout(20)
  while (!isDone()) {
    for (const { value } of await consumed(consumer, 1)) latencies.push(latencyOf(value as Buffer))
  }
}
told(latencies)
// Without a farewell: its group is of no use to anybody.
process.kill(process.pid, 'SIGKILL')
