/** node produce.mjs <folder with an installed @zk/runtime> <bootstrap servers> <topic> <count>: orders, and one without amount. */
import { realpathSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'

const [folder = '', bootstrapServers, topic = '', count] = process.argv.slice(2)
const entry = realpathSync(join(folder, 'node_modules', '@zk', 'runtime', 'dist', 'index.js'))
// The Kafka client that was installed with the runtime: a user's folder has no other.
const { Producer } = createRequire(entry)('node-rdkafka')

const values = Array.from({ length: Number(count) }, (_, n) => JSON.stringify({ customer: `c${n % 20}`, amount: n }))
values.push(JSON.stringify({ customer: 'c0' }))
const producer = new Producer({ 'bootstrap.servers': bootstrapServers, dr_cb: true })
const acknowledged = new Promise((resolve, reject) => {
  let reports = 0
  producer.on('delivery-report', (/** @type {Error | null} */ error) => {
    if (error) reject(error)
    else if (++reports === values.length) resolve(undefined)
  })
})
await call((done) => producer.connect({ timeout: 10_000 }, done))
producer.setPollInterval(10)
values.forEach((value, n) => {
  producer.produce(topic, null, Buffer.from(value), `c${n % 20}`)
})
await acknowledged
await call((done) => producer.disconnect(done))

/** @param {(done: (error: Error | null | undefined) => void) => void} start */
function call(start) {
  return new Promise((resolve, reject) => {
    start((error) => (error ? reject(error) : resolve(undefined)))
  })
}
