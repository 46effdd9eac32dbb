/** A program whose run is shut down in the moment in which its consumer is connected. */
import { writeSync } from 'node:fs'
import { createRequire } from 'node:module'
import { createClient } from '@zk/runtime'

/** The one that the runtime uses. */
const Kafka = createRequire(import.meta.resolve('@zk/runtime'))('node-rdkafka')
const { BROKERS, TOPIC, JOURNAL } = process.env
const shutdown = new AbortController()
const { connect } = Kafka.KafkaConsumer.prototype
Kafka.KafkaConsumer.prototype.connect = function (options, callback) {
  return connect.call(this, options, (...answer) => {
    callback(...answer)
    shutdown.abort()
  })
}

const client = createClient({ bootstrapServers: BROKERS.split(',') })
const quiet = () => {}
const logger = { trace: quiet, debug: quiet, info: quiet, warn: quiet, error: quiet, fatal: quiet }
const work = client.workFactory({ logger }).create({
  topic: TOPIC,
  groupId: `early-${process.pid}`,
  processor: new URL('../processors/recorder.mjs', import.meta.url),
  processorOptions: { journal: JOURNAL },
  speedup: 1,
})
const { reason } = await work.run({ shutdown: shutdown.signal })
await client.close()
writeSync(1, `${JSON.stringify({ event: 'summary', reason })}\n`)
