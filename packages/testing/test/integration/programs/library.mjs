/** A program that uses the library: runs to the end, closes, and says what still keeps it alive. */
import { writeSync } from 'node:fs'
import { createClient } from '@zk/runtime'

const { BROKERS, TOPIC, JOURNAL } = process.env
const print = (line) => writeSync(1, `${JSON.stringify(line)}\n`)
process.on('unhandledRejection', (error) => print({ event: 'unhandled', message: String(error) }))

const client = createClient({ bootstrapServers: BROKERS.split(',') })
const quiet = () => {}
const logger = { trace: quiet, debug: quiet, info: quiet, warn: quiet, error: quiet, fatal: quiet }
const work = client.workFactory({ logger }).create({
  topic: TOPIC,
  groupId: `library-${process.pid}`,
  processor: new URL('../processors/recorder.mjs', import.meta.url),
  processorOptions: { journal: JOURNAL, ms: 1 },
  speedup: 2,
})
const { reason, processed } = await work.run({ untilEnd: true })
await client.close()
print({ event: 'summary', reason, processed })
// One turn, for handles whose close is under way.
setImmediate(() => {
  const own = process
    .getActiveResourcesInfo()
    .filter((name) => !/^(Immediate|PipeWrap|TTYWrap|FSReqCallback)$/.test(name))
  print({ event: 'handles', open: own })
})
