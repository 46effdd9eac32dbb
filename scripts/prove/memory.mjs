// @ts-check
/**
 * Memory does not grow with lag: a backlog of 1 GiB and handlers that are much too slow for it, for ten minutes
 * (`--minutes n`). After two minutes of warming up, resident memory must stay flat and under what is configured.
 */
import { randomBytes, randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { loadFillTopic } from './kit.mjs'
import { residentMiB } from './proc.mjs'
import { createTopic, deleteTopic } from './topics.mjs'
import { say } from './verdict.mjs'
import { withKafka } from './with-kafka.mjs'
import { zkRun } from './zk.mjs'

const PARTITIONS = 12
const VALUE_BYTES = 1024
const KEYS = 10_000
const THREADS = 4
const CONCURRENCY = 16
const SLOW_MS = 100
const WARM_UP_S = 120
const IDLE_S = 5
const MAX_SLOPE = 1
/** The defaults of windowBytes and queuedMaxKbytes, in MiB, and what a thread may take. */
const WINDOW_MIB = 64
const QUEUE_MIB = 8
const THREAD_MIB = 40
const processor = new URL('./processors/slow.mjs', import.meta.url)

/** @type {import('./verdict.mjs').Proof} */
export const prove = async ({ minutes = 10, messages = 2 ** 20 }) =>
  withKafka(async (bootstrapServers) => {
    const topic = `prove-memory-${randomUUID()}`
    await createTopic(bootstrapServers, topic, PARTITIONS)
    const args = ['--speedup', String(THREADS), '--concurrency', String(CONCURRENCY)]
    const start = () =>
      zkRun({ bootstrapServers, topic, group: topic, processor, args, env: { SLOW_MS: String(SLOW_MS) } })

    const quiet = start()
    await quiet.ready
    await delay(IDLE_S * 1000)
    const idle = residentMiB(quiet.pid)
    quiet.kill('SIGTERM')
    await quiet.ended

    say(`Idle: ${Math.round(idle)} MiB. Producing ${messages} messages of ${VALUE_BYTES} bytes`)
    const value = randomBytes(VALUE_BYTES)
    const record = (/** @type {number} */ i) => ({ key: Buffer.from(`k${i % KEYS}`), value })
    const fillTopic = await loadFillTopic()
    await fillTopic({ bootstrapServers, topic, messages, record, onProgress: () => {} })

    const zk = start()
    await zk.ready
    /** @type {[minute: number, mib: number][]} */
    const samples = []
    const seconds = Math.round(minutes * 60)
    for (let second = 1; second <= seconds; second++) {
      await delay(1000)
      samples.push([second / 60, residentMiB(zk.pid)])
      if (second % 30 === 0) say(`${second} s: ${Math.round(samples[second - 1][1])} MiB`)
    }
    zk.kill('SIGTERM')
    const exitCode = await zk.ended
    await deleteTopic(bootstrapServers, topic)

    const { processed } = /** @type {{ processed: number }} */ (/** @type {unknown} */ (zk.events.at(-1)))
    const steady = samples.filter(([minute]) => minute * 60 > WARM_UP_S)
    const slope = leastSquares(steady)
    const highest = Math.max(...samples.map(([, mib]) => mib))
    const bound = idle + WINDOW_MIB + QUEUE_MIB * PARTITIONS + THREAD_MIB * THREADS
    const backlogLasted = processed < messages
    return {
      holds: slope <= MAX_SLOPE && highest <= bound && backlogLasted && exitCode === 0,
      ...{ minutes, messages, processed, slopeMiBPerMinute: Number(slope.toFixed(3)), maxSlope: MAX_SLOPE },
      ...{ idleMiB: Math.round(idle), highestMiB: Math.round(highest), boundMiB: Math.round(bound) },
      ...{ lastMiB: Math.round(samples.at(-1)?.[1] ?? 0), exitCode },
    }
  })

/** @param {readonly (readonly [x: number, y: number])[]} points @returns {number} the slope of the best line */
function leastSquares(points) {
  const meanX = points.reduce((sum, [x]) => sum + x, 0) / points.length
  const meanY = points.reduce((sum, [, y]) => sum + y, 0) / points.length
  const covariance = points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0)
  return covariance / points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0)
}
