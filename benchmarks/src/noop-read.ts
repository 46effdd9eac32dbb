/** One run of a loop that takes native batches and does nothing with them: `noop-read.js <bootstrap> <topic> <messages>`. */
import { type NativeReader, openReader } from '@zk/native'
import { bareConsumer } from './bare-consumer.js'
import { Clock } from './clock.js'
import { runtimeProperties } from './runtime-properties.js'

/** As many records as the runtime's window takes, in one block that is lent again and again. */
const RECORDS = 8_192
const block = new ArrayBuffer(16 * 2 ** 20)

const [bootstrap, topic, total] = [process.argv[2]!, process.argv[3]!, Number(process.argv[4])]
const clock = new Clock(total)
let got = 0
let reader: NativeReader
const consumer = await bareConsumer({
  ...{ bootstrap, topic, from: 'earliest' },
  ...runtimeProperties(bootstrap, topic),
  onAssigning: (partitions) => {
    for (const { topic, partition } of partitions) reader.attach(topic, partition, partition)
  },
})
reader = openReader(consumer, { onReady: take })
reader.request(RECORDS, block.byteLength, block)

function take(): void {
  const records = reader.take()?.block
  if (records === undefined) return
  got += new Uint32Array(records, 0, 2)[1]!
  clock.see(got)
  if (got < total) reader.request(RECORDS, block.byteLength, block)
  else end()
}

function end(): void {
  console.log(JSON.stringify(clock.stop(got)))
  reader.close()
  consumer.disconnect(() => process.exit(0))
}
