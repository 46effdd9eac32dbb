// @ts-check
/**
 * A member whose window has been full of handlers that do not end, for half a minute: one that joins has its partitions
 * within the drain deadline and five seconds.
 */
import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { chosen } from './chosen.mjs'
import { loadFillTopic } from './kit.mjs'
import { createTopic, deleteTopic } from './topics.mjs'
import { say } from './verdict.mjs'
import { withKafka } from './with-kafka.mjs'
import { owns, zkRun } from './zk.mjs'

const PARTITIONS = 12
/** So few that all of them run: some in each partition. */
const FIRST = 360
const MESSAGES = 200_000
const SETTLE_MS = 3_000
const FULL_MS = 30_000
/** The default of drainTimeoutMs, and what may be added to it. */
const LIMIT_MS = 10_000 + 5_000
const ALL_AT_ONCE = ['--speedup', '1', '--concurrency', '512', '--shutdown-timeout', '500']
const processor = new URL('./processors/slow.mjs', import.meta.url)

/** @type {Record<string, string[]>} */
const protocols = {
  eager: ['--assignment-strategy', 'range'],
  cooperative: [],
  consumer: ['--group-protocol', 'consumer'],
}

/** @type {import('./verdict.mjs').Proof} */
export const prove = async ({ protocol }) => {
  const chosenProtocols = chosen('--protocol', protocols, protocol)
  return withKafka(async (bootstrapServers) => {
    const topic = `prove-full-window-${randomUUID()}`
    await createTopic(bootstrapServers, topic, PARTITIONS)
    const record = (/** @type {number} */ i) => ({ key: Buffer.from(`k${i}`), value: Buffer.from('x') })
    const fillTopic = await loadFillTopic()
    const fill = (/** @type {number} */ messages) => fillTopic({ bootstrapServers, topic, messages, record })
    await fill(FIRST)
    const scenes = chosenProtocols.map(([name, args]) => ({ bootstrapServers, topic, name, args }))
    // Side by side: nearly all of the time is waiting.
    const firsts = scenes.map((scene) => start({ ...scene, handlerMs: 3_600_000 }))
    await Promise.all(firsts.map(owns))
    await delay(SETTLE_MS)
    await fill(MESSAGES)
    await delay(FULL_MS)
    const measured = await Promise.all(
      scenes.map(async (scene, i) => /** @type {const} */ ([scene.name, await join(scene, firsts[i])])),
    )
    await deleteTopic(bootstrapServers, topic)
    const holds = measured.every(([, { takenOverMs, exitCode }]) => takenOverMs <= LIMIT_MS && exitCode === 0)
    return { holds, fullForMs: FULL_MS, limitMs: LIMIT_MS, ...Object.fromEntries(measured) }
  })
}

/**
 * @typedef {object} Scene
 * @property {string} bootstrapServers
 * @property {string} topic
 * @property {string} name of the protocol
 * @property {string[]} args
 */

/** @param {Scene & { handlerMs: number }} scene */
function start({ bootstrapServers, topic, name, args, handlerMs }) {
  const group = `${topic}-${name}`
  const env = { SLOW_MS: String(handlerMs) }
  return zkRun({ bootstrapServers, topic, group, processor, args: [...ALL_AT_ONCE, ...args], env })
}

/**
 * @param {Scene} scene
 * @param {ReturnType<typeof zkRun>} first
 */
async function join(scene, first) {
  const asked = performance.now()
  const second = start({ ...scene, handlerMs: 0 })
  const owned = await owns(second)
  const takenOverMs = Math.round(performance.now() - asked)
  say(`${scene.name}: ${owned.length} partitions after ${takenOverMs} ms`)
  // The first would end with the code of its deadline, as it should with such handlers.
  first.kill('SIGKILL')
  await first.ended
  second.kill('SIGTERM')
  return { takenOverMs, partitions: owned.length, exitCode: await second.ended }
}
