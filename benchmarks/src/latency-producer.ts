/**
 * Writes at a steady pace until it is ended: `latency-producer.js <bootstrap> <topic> <messages a second>`. It says `{}` when the
 * first records are acknowledged.
 */
import Kafka from 'node-rdkafka'
import { stamped } from './latency-sample.js'

const [bootstrap, topic, rate] = [process.argv[2]!, process.argv[3]!, Number(process.argv[4])]
const KEYS = 1_000
const producer = new Kafka.Producer({ 'bootstrap.servers': bootstrap, 'linger.ms': 0, dr_cb: true } as never)
producer.setPollInterval(20)
await new Promise<void>((resolve, reject) => producer.connect({}, (error) => (error ? reject(error) : resolve())))
producer.once('delivery-report', () => console.log('{}'))
const started = performance.now()
let sent = 0
setInterval(() => {
  const due = ((performance.now() - started) * rate) / 1_000
  for (; sent < due; sent++) producer.produce(topic, null, stamped(), `key-${sent % KEYS}`)
}, 1)
