/** Fills a topic: `fill.js <bootstrap> <topic> <messages> <bytes of a value> <exponent of Zipf, or 0>`. */
import { fillTopic } from '@zk/runtime/internal/fill-topic'
import { zipfKeys } from '../zipf.js'
import { jsonValue } from './value.js'

const KEYS = 10_000
const ZIPF_KEYS = 1_000

const [bootstrapServers, topic] = [process.argv[2]!, process.argv[3]!]
const [messages, valueBytes, zipf] = process.argv.slice(4).map(Number) as [number, number, number]
const drawn = zipf === 0 ? undefined : zipfKeys(ZIPF_KEYS, zipf, messages)
await fillTopic({
  bootstrapServers,
  topic,
  messages,
  record: (i) => ({
    key: Buffer.from(`key-${drawn === undefined ? i % KEYS : drawn[i]}`),
    value: jsonValue(i, valueBytes),
  }),
})
