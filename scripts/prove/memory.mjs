// @ts-check
/**
 * Memory does not grow with lag: a backlog of 1 GiB and handlers that are much too slow for it, for ten minutes
 * (`--minutes n`). The window is full all the while. After two minutes of warming up (a third of the time, where there
 * is less), resident memory must stay flat, and under what was idle, the window's bytes, librdkafka's queue and what a
 * thread may take.
 *
 * Twice (`--case name` for one of them): the window is full of as many messages as it takes, of 1 KiB each, or of as many bytes,
 * in messages of 16 KiB.
 */
import { randomBytes, randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { chosen } from './chosen.mjs'
import { loadFillTopic, median, resident, slope } from './kit.mjs'
import { createTopic, deleteTopic } from './topics.mjs'
import { say } from './verdict.mjs'
import { withKafka } from './with-kafka.mjs'
import { zkRun } from './zk.mjs'

const PARTITIONS = 12
const BACKLOG_BYTES = 2 ** 30
const KEYS = 100_000
/**
 * Java's default. A fetch of a MiB mostly ends within a batch, and that part is kept and not used: with batches of up to a MB, as
 * large as the filling made them, it would be a fifth here and a tenth there, and memory would follow.
 */
const BATCH_BYTES = 16 * 1024
const THREADS = 4
/**
 * With so many handlers the window takes 16 messages a handler, 8,192, and 64 MiB, whichever comes first. Handlers are so slow
 * that ten minutes of them are nearly all of the backlog: what librdkafka has queued is then new twice while the process warms up.
 *
 * `full` is a share of the limit at which the window counts as full: reading goes on once an eighth of the messages has left,
 * and is not begun for the last few bytes.
 *
 * @type {Record<string, { valueBytes: number, slowMs: number, full: number }>}
 */
const cases = {
  messages: { valueBytes: 1024, slowMs: 360, full: 0.875 },
  bytes: { valueBytes: 16 * 1024, slowMs: 5_760, full: 0.95 },
}
const CONCURRENCY = 128
const WARM_UP_S = 120
const IDLE_S = 5
/** How often the window is looked at. Each look is a request and a snapshot, whose garbage is not what is measured here. */
const LOOK_S = 10
const MAX_SLOPE = 1
const MIB = 2 ** 20
/** The default of queuedMaxKbytes, in MiB, and what a thread may take. */
const QUEUE_MIB = 8
const THREAD_MIB = 40
const processor = new URL('./processors/slow.mjs', import.meta.url)

/** @type {import('./verdict.mjs').Proof} */
export const prove = async ({ minutes = 10, case: only }) => {
  const chosenCases = chosen('--case', cases, only)
  return withKafka(async (bootstrapServers) => {
    const fillTopic = await loadFillTopic()
    /** @type {Record<string, import('./verdict.mjs').Verdict>} */
    const measured = {}
    for (const [name, { valueBytes }] of chosenCases) {
      const messages = BACKLOG_BYTES / valueBytes
      const topic = `prove-memory-${name}-${randomUUID()}`
      await createTopic(bootstrapServers, topic, PARTITIONS)
      say(`${name}: producing ${messages} messages of ${valueBytes} bytes`)
      const value = randomBytes(valueBytes)
      const record = (/** @type {number} */ i) => ({ key: Buffer.from(`k${i % KEYS}`), value })
      const batchBytes = BATCH_BYTES
      await fillTopic({ bootstrapServers, topic, messages, record, batchBytes })
      measured[name] = await soak(bootstrapServers, topic, name, minutes, messages)
      await deleteTopic(bootstrapServers, topic)
      say(`${name}: ${JSON.stringify(measured[name])}`)
    }
    return { holds: Object.values(measured).every(({ holds }) => holds), minutes, ...measured }
  })
}

/**
 * @param {string} bootstrapServers
 * @param {string} topic
 * @param {string} name of the case
 * @param {number} minutes
 * @param {number} messages
 */
async function soak(bootstrapServers, topic, name, minutes, messages) {
  const { slowMs, full } = cases[name]
  const args = ['--speedup', String(THREADS), '--concurrency', String(CONCURRENCY), '--health-port', '0']
  // A drain finishes all that is below the highest offset that has started: two or three slow handlers, one after the other.
  args.push('--shutdown-timeout', '60000')
  const start = (/** @type {string} */ from) =>
    zkRun({
      ...{ bootstrapServers, topic: from, group: topic, processor, args },
      env: { SLOW_MS: String(slowMs) },
    })

  const empty = `${topic}-idle`
  await createTopic(bootstrapServers, empty, PARTITIONS)
  const quiet = start(empty)
  await quiet.ready
  await delay(IDLE_S * 1000)
  const idle = resident(quiet.pid).now
  quiet.kill('SIGTERM')
  await quiet.ended
  await deleteTopic(bootstrapServers, empty)
  say(`${name}: ${Math.round(idle)} MiB idle`)

  const zk = start(topic)
  await zk.ready
  /** @type {[minute: number, mib: number][]} */
  const samples = []
  /** @type {Window[]} */
  const windows = []
  const seconds = Math.round(minutes * 60)
  for (let second = 1; second <= seconds; second++) {
    await delay(1000)
    samples.push([second / 60, resident(zk.pid).now])
    if (second % LOOK_S === 1) windows.push(await windowOf(zk))
    if (second % 30 === 0) say(`${second} s: ${Math.round(samples[second - 1][1])} MiB`)
  }
  zk.kill('SIGTERM')
  const exitCode = await zk.ended

  const { processed } = /** @type {{ processed: number }} */ (/** @type {unknown} */ (zk.events.at(-1)))
  const warmUpS = Math.min(WARM_UP_S, seconds / 3)
  const steady = samples.filter(([minute]) => minute * 60 > warmUpS)
  const growth = slope(steady)
  const highest = Math.max(...samples.map(([, mib]) => mib))
  const filled = median(windows.slice(-Math.floor(steady.length / LOOK_S)).map(fill))
  const windowMiB = Math.max(...windows.map(({ bytes }) => bytes)) / MIB
  const bound = idle + windows[0].maxBytes / MIB + QUEUE_MIB * PARTITIONS + THREAD_MIB * THREADS
  const backlogLasted = processed < messages
  return {
    holds: growth <= MAX_SLOPE && highest <= bound && filled >= full && backlogLasted && exitCode === 0,
    ...{ processed, slopeMiBPerMinute: Number(growth.toFixed(3)), maxSlope: MAX_SLOPE },
    ...{ windowFilled: Number(filled.toFixed(3)), windowMiB: Math.round(windowMiB), window: windows.at(-1) },
    mostWaiting: Math.max(...windows.map(({ waiting }) => waiting)),
    ...{ idleMiB: Math.round(idle), highestMiB: Math.round(highest), boundMiB: Math.round(bound) },
    ...{ lastMiB: Math.round(samples.at(-1)?.[1] ?? 0), exitCode },
  }
}

/** @typedef {{ messages: number, maxMessages: number, bytes: number, maxBytes: number, waiting: number }} Window */

/** @param {ReturnType<typeof zkRun>} zk @returns {Promise<Window>} as it is now, and how many wait for it */
async function windowOf({ events }) {
  const { port } = /** @type {{ port: number }} */ (
    /** @type {unknown} */ (events.find(({ event }) => event === 'health'))
  )
  const answer = await fetch(`http://127.0.0.1:${port}/state`)
  const { window, partitions } = /** @type {any} */ (await answer.json())
  const read = partitions.reduce(
    (/** @type {number} */ sum, /** @type {{ inFlight: number }} */ one) => sum + one.inFlight,
    0,
  )
  return { ...window, waiting: read - window.messages }
}

/** @param {Window} window @returns {number} how full it is, of whatever it has most: 1 is its limit */
function fill({ messages, maxMessages, bytes, maxBytes }) {
  return Math.max(messages / maxMessages, bytes / maxBytes)
}
