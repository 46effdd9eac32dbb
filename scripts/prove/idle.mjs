// @ts-check
/** A work that is connected and has nothing to do takes next to no CPU. */
import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { resident } from './kit.mjs'
import { cpuSeconds } from './proc.mjs'
import { createTopic, deleteTopic } from './topics.mjs'
import { say } from './verdict.mjs'
import { withKafka } from './with-kafka.mjs'
import { zkRun } from './zk.mjs'

const SETTLE_MS = 5_000
const MEASURE_MS = 30_000
const MAX_SHARE = 0.02
const processor = new URL('./processors/slow.mjs', import.meta.url)

/** @type {import('./verdict.mjs').Proof} */
export const prove = async () =>
  withKafka(async (bootstrapServers) => {
    const topic = `prove-idle-${randomUUID()}`
    await createTopic(bootstrapServers, topic, 12)
    const zk = zkRun({ bootstrapServers, topic, group: topic, processor, args: ['--speedup', '4'] })
    await zk.ready
    await delay(SETTLE_MS)
    say(`Measuring for ${MEASURE_MS / 1000} s`)
    const before = { cpu: cpuSeconds(zk.pid), at: performance.now() }
    await delay(MEASURE_MS)
    const share = (cpuSeconds(zk.pid) - before.cpu) / ((performance.now() - before.at) / 1000)
    const residentNow = Math.round(resident(zk.pid).now)
    zk.kill('SIGTERM')
    const exitCode = await zk.ended
    await deleteTopic(bootstrapServers, topic)
    const cpuPercent = Number((share * 100).toFixed(2))
    return {
      holds: share <= MAX_SHARE && exitCode === 0,
      cpuPercent,
      maxCpuPercent: 100 * MAX_SHARE,
      residentMiB: residentNow,
      exitCode,
    }
  })
