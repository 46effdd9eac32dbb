/** What the programs share: a client, a work over TOPIC whose logger says nothing, and lines of JSON on stdout. */
import { writeSync } from 'node:fs'
import { createClient } from '@zk/runtime'

const { BROKERS, TOPIC, JOURNAL } = process.env

export const print = (line) => writeSync(1, `${JSON.stringify(line)}\n`)
export const client = createClient({ bootstrapServers: BROKERS.split(',') })

export function quietWork(speedup, processorOptions) {
  const quiet = () => {}
  const logger = { trace: quiet, debug: quiet, info: quiet, warn: quiet, error: quiet, fatal: quiet }
  return client.workFactory({ logger }).create({
    topic: TOPIC,
    groupId: `program-${process.pid}`,
    processor: new URL('../processors/recorder.mjs', import.meta.url),
    processorOptions: { journal: JOURNAL, ...processorOptions },
    speedup,
  })
}
