// @ts-check
/**
 * This project's runtime, with its defaults but for speedup, concurrency and affinity. Threads count what they finish in
 * memory that is shared, so that to look at it costs nothing.
 */
import { createClient } from '@zk/runtime'
import { wallClock } from '../dist/latency-sample.js'
import { quietLogger } from '../dist/quiet-logger.js'
import { programArguments } from './arguments.mjs'
import { processCpu, report } from './meter.mjs'
import { CPU, DONE, SLOTS, STARTED, SUM } from './zk-processor.mjs'

/** Short beside a run. */
const LOOK_MS = 5

const args = programArguments()
const counts = new Float64Array(new SharedArrayBuffer(args.threads * SLOTS * 8))
const delays = new Float64Array(new SharedArrayBuffer((args.handler === 'latency' ? args.count : 0) * 8))
const client = createClient({ bootstrapServers: args.bootstrap.split(',') })
const work = client.workFactory({ logger: quietLogger }).create({
  topic: args.topic,
  groupId: `peer-zk-${process.pid}-${Date.now()}`,
  processor: new URL('./zk-processor.mjs', import.meta.url),
  processorOptions: { handler: args.handler, counts, delays },
  speedup: args.threads,
  concurrency: Math.ceil(args.concurrency / args.threads),
  affinity: args.ordered ? 'in-flight' : 'hash',
})
const stop = new AbortController()
setTimeout(look, LOOK_MS)
await work.run({ shutdown: stop.signal })
await client.close()

/**
 * Each look wakes main while the handlers need the cores: so the next comes when half of what is left should be done. What
 * was done so far may have been slower than what follows: it comes before as long again has passed.
 */
function look() {
  const now = wallClock()
  const done = threads().reduce((sum, thread) => sum + at(thread, DONE), 0)
  if (done < args.count) {
    const passedMs = now - Math.min(now, ...threads().map(startOf))
    const leftMs = done === 0 ? 0 : ((args.count - done) / done) * passedMs
    setTimeout(look, Math.max(LOOK_MS, Math.min(leftMs / 2, passedMs)))
    return
  }
  const cpu = processCpu()
  const first = threads().reduce((a, b) => (startOf(a) <= startOf(b) ? a : b))
  report({
    messages: done,
    ms: now - startOf(first),
    cpuMs: cpu - at(first, CPU),
    sum: threads().reduce((sum, thread) => sum ^ at(thread, SUM), 0),
    delays,
  })
  stop.abort()
}

/** @param {number} thread */
function startOf(thread) {
  return at(thread, STARTED) || Number.POSITIVE_INFINITY
}

function threads() {
  return Array.from({ length: args.threads }, (_, thread) => thread)
}

/**
 * @param {number} thread
 * @param {number} slot
 */
function at(thread, slot) {
  return /** @type {number} */ (counts[thread * SLOTS + slot])
}
