/**
 * A program on a topic that gets 1,000 messages a second meanwhile, each with when it was produced:
 * `under-trickle.js <bootstrap> <topic> <count> <program> <arguments>…`. Ends when the program does.
 */
import { spawn } from 'node:child_process'
import Kafka from 'node-rdkafka'
import { wallClock } from '../latency-sample.js'
import { jsonValue } from './value.js'

const EVERY_MS = 1
const VALUE_BYTES = 200
const KEYS = 10_000

const [bootstrap, topic, count] = [process.argv[2]!, process.argv[3]!, Number(process.argv[4])]
// Keys are placed as in the topics of the other works.
const config = { 'bootstrap.servers': bootstrap, 'linger.ms': 0, partitioner: 'murmur2_random' }
const producer = new Kafka.Producer(config as never)
await new Promise<void>((resolve, reject) => producer.connect({}, (error) => (error ? reject(error) : resolve())))
const program = spawn(process.argv[5]!, process.argv.slice(6), { stdio: 'inherit' })
program.on('exit', (code) => process.exit(code ?? 1))
process.once('SIGTERM', () => program.kill())
const started = wallClock()
let produced = 0
const tick = setInterval(() => {
  for (const due = Math.min(count, (wallClock() - started) / EVERY_MS); produced < due; produced++) {
    const value = jsonValue(produced, VALUE_BYTES, wallClock())
    producer.produce(topic, null, value, `key-${produced % KEYS}`)
  }
  producer.poll()
  if (produced >= count) clearInterval(tick)
}, EVERY_MS)
