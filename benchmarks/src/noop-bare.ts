/** One run of a plain node-rdkafka loop: `noop-bare.js <bootstrap> <topic> <messages>`. */
import { bareConsumer, consumed } from './bare-consumer.js'
import { Clock } from './clock.js'

const [bootstrap, topic, total] = [process.argv[2]!, process.argv[3]!, Number(process.argv[4])]
const consumer = await bareConsumer({ bootstrap, topic, from: 'earliest' })
consumer.setDefaultConsumeTimeout(20)
const clock = new Clock(total)
let got = 0
while (got < total) {
  got += (await consumed(consumer, 1000)).length
  clock.see(got)
}
console.log(JSON.stringify(clock.stop(got)))
consumer.disconnect(() => process.exit(0))
