/**
 * `memory-zk.js <bootstrap> <topic> <idle|full> <threads>`. Full: handlers that take so long that the window of messages is full all
 * the while.
 */
import { createClient } from '@zk/runtime'
import { IN_FLIGHT, PER_SECOND, tellResident } from './memory-run.js'
import { quietLogger } from './quiet-logger.js'

const [bootstrap, topic, mode, threads] = process.argv.slice(2) as [string, string, string, string]
const full = mode === 'full'
/** The window takes 16 messages a handler. */
const handlers = IN_FLIGHT / 16
/** Reading goes on once an eighth of the window has left, and what is read then is on its way for a moment. */
const FULL = 0.75
const client = createClient({ bootstrapServers: bootstrap.split(',') })
const work = client.workFactory({ logger: quietLogger }).create({
  topic,
  groupId: `memory-zk-${process.pid}-${Date.now()}`,
  processor: new URL(full ? './slow-processor.js' : './noop-processor.js', import.meta.url),
  processorOptions: (handlers * 1_000) / PER_SECOND,
  speedup: Number(threads),
  ...(full && { concurrency: handlers / Number(threads) }),
})
await new Promise<void>((resolve, reject) => {
  const onEvent = ({ type }: { type: string }) => {
    if (type === 'assigned') resolve()
  }
  work.run({ onEvent }).catch(reject)
})
const isFull = () => (work.state()?.window.messages ?? 0) >= IN_FLIGHT * FULL
while (full && !isFull()) await new Promise((resolve) => setTimeout(resolve, 20))
const look = setInterval(() => {
  // What is measured otherwise is no full window.
  if (full && !isFull()) throw new Error(`the window has ${work.state()?.window.messages} messages only`)
}, 500)
look.unref()
await tellResident(mode)
