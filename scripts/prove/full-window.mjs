// @ts-check
/**
 * A member whose window has been full of handlers that do not end, for half a minute: one that joins has its partitions
 * within the drain deadline and five seconds.
 */
import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { loadFillTopic } from './kit.mjs'
import { createTopic, deleteTopic } from './topics.mjs'
import { say } from './verdict.mjs'
import { withKafka } from './with-kafka.mjs'
import { owns, zkRun } from './zk.mjs'

const PARTITIONS = 12
const MESSAGES = 200_000
const FULL_MS = 30_000
/** The default of drainTimeoutMs, and what may be added to it. */
const LIMIT_MS = 10_000 + 5_000
const processor = new URL('./processors/slow.mjs', import.meta.url)

/** @type {Record<string, string[]>} */
const protocols = {
  eager: ['--assignment-strategy', 'range'],
  cooperative: [],
  consumer: ['--group-protocol', 'consumer'],
}

/** @type {import('./verdict.mjs').Proof} */
export const prove = async ({ protocol }) =>
  withKafka(async (bootstrapServers) => {
    const topic = `prove-full-window-${randomUUID()}`
    await createTopic(bootstrapServers, topic, PARTITIONS)
    const record = (/** @type {number} */ i) => ({ key: Buffer.from(`k${i}`), value: Buffer.from('x') })
    const fillTopic = await loadFillTopic()
    await fillTopic({ bootstrapServers, topic, messages: MESSAGES, record, onProgress: () => {} })
    const names = protocol === undefined ? Object.keys(protocols) : [protocol]
    // Side by side: nearly all of the time is waiting.
    const measured = await Promise.all(
      names.map(async (name) => /** @type {const} */ ([name, await story(bootstrapServers, topic, name)])),
    )
    await deleteTopic(bootstrapServers, topic)
    const holds = measured.every(([, { takenOverMs, exitCode }]) => takenOverMs <= LIMIT_MS && exitCode === 0)
    return { holds, fullForMs: FULL_MS, limitMs: LIMIT_MS, ...Object.fromEntries(measured) }
  })

/**
 * @param {string} bootstrapServers
 * @param {string} topic
 * @param {string} name of the protocol
 */
async function story(bootstrapServers, topic, name) {
  const group = `${topic}-${name}`
  const args = ['--speedup', '1', '--concurrency', '512', '--shutdown-timeout', '500', ...protocols[name]]
  const start = (/** @type {number} */ handlerMs) =>
    zkRun({ bootstrapServers, topic, group, processor, args, env: { SLOW_MS: String(handlerMs) } })
  const first = start(3_600_000)
  await first.ready
  await delay(FULL_MS)
  const asked = performance.now()
  const second = start(0)
  const owned = await owns(second)
  const takenOverMs = Math.round(performance.now() - asked)
  say(`${name}: ${owned.length} partitions after ${takenOverMs} ms`)
  // The first would end with the code of its deadline, as it should with such handlers.
  first.kill('SIGKILL')
  await first.ended
  second.kill('SIGTERM')
  return { takenOverMs, partitions: owned.length, exitCode: await second.ended }
}
