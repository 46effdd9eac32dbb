/** A program whose run is shut down in the moment in which its consumer is connected. */
import { createRequire } from 'node:module'
import { client, print, quietWork } from './quiet-work.mjs'

/** The one that the runtime uses. */
const Kafka = createRequire(import.meta.resolve('@zk/runtime'))('node-rdkafka')
const shutdown = new AbortController()
const { connect } = Kafka.KafkaConsumer.prototype
Kafka.KafkaConsumer.prototype.connect = function (options, callback) {
  return connect.call(this, options, (...answer) => {
    callback(...answer)
    shutdown.abort()
  })
}

const { reason } = await quietWork(1, {}).run({ shutdown: shutdown.signal })
await client.close()
print({ event: 'summary', reason })
