/** One run of a plain node-rdkafka loop: `noop-bare.js <bootstrap> <topic> <messages>`. */
import Kafka, { type LibrdKafkaError } from 'node-rdkafka'
import { Clock } from './clock.js'

const [bootstrap, topic, total] = [process.argv[2]!, process.argv[3]!, Number(process.argv[4])]
const ASSIGN = Kafka.CODES.ERRORS.ERR__ASSIGN_PARTITIONS
const consumer = new Kafka.KafkaConsumer(
  {
    'bootstrap.servers': bootstrap,
    'group.id': `bare-${process.pid}-${Date.now()}`,
    'enable.auto.offset.store': false,
    'partition.assignment.strategy': 'cooperative-sticky',
    'fetch.queue.backoff.ms': 10,
    rebalance_cb: (event: LibrdKafkaError, partitions: Kafka.Assignment[]) => {
      if (event.code === ASSIGN) consumer.incrementalAssign(partitions)
      else consumer.incrementalUnassign(partitions)
    },
  } as never,
  { 'auto.offset.reset': 'earliest' },
)
await new Promise<void>((resolve, reject) => consumer.connect({}, (error) => (error ? reject(error) : resolve())))
consumer.subscribe([topic])
consumer.setDefaultConsumeTimeout(20)
const clock = new Clock(total)
let got = 0
while (got < total) {
  const messages = await new Promise<Kafka.Message[]>((resolve, reject) =>
    consumer.consume(1000, (error, batch) => (error ? reject(error) : resolve(batch))),
  )
  got += messages.length
  clock.see(got)
}
console.log(JSON.stringify(clock.stop(got)))
consumer.disconnect(() => process.exit(0))
