// @ts-check
/**
 * For how long do partitions stand still that a member keeps while others of it move? A record arrives in each partition
 * every quarter of a second and is worked on for one second. A second member joins and leaves, three times; of each
 * partition that stayed where it was, the longest time without a start is told. It must stay below the drain deadline.
 */
import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { chosen } from './chosen.mjs'
import { ledgerGroup } from './ledger-group.mjs'
import { createTopic, deleteTopic, kafkaClient } from './topics.mjs'
import { say } from './verdict.mjs'
import { withKafka } from './with-kafka.mjs'
import { withLedger } from './with-ledger.mjs'
import { owns } from './zk.mjs'

const PARTITIONS = 12
const EVERY_MS = 250
const HANDLER_MS = '1000'
const QUIET_MS = 5_000
const ROUNDS = 3
/** The default of drainTimeoutMs. */
const DRAIN_MS = 10_000

/** @type {Record<string, string[]>} */
const protocols = {
  cooperative: ['--prop', 'heartbeat.interval.ms=500'],
  consumer: ['--group-protocol', 'consumer'],
}

/** @type {import('./verdict.mjs').Proof} */
export const prove = async ({ protocol }) => {
  const chosenProtocols = chosen('--protocol', protocols, protocol)
  return withKafka(async (bootstrapServers) => {
    /** @type {Record<string, import('./verdict.mjs').Verdict>} */
    const measured = {}
    for (const [name, args] of chosenProtocols) {
      measured[name] = await withLedger('retained', (path, ledger) => story(bootstrapServers, path, ledger, args))
      say(`${name}: ${JSON.stringify(measured[name])}`)
    }
    return { holds: Object.values(measured).every(({ holds }) => holds), limitMs: DRAIN_MS, ...measured }
  })
}

/**
 * @param {string} bootstrapServers
 * @param {string} path
 * @param {{ append(line: object): void }} ledger
 * @param {string[]} args
 */
async function story(bootstrapServers, path, ledger, args) {
  const topic = `prove-retained-${randomUUID()}`
  await createTopic(bootstrapServers, topic, PARTITIONS)
  const group = ledgerGroup({
    ...{ bootstrapServers, topic, path, ledger, env: { LEDGER_MS: HANDLER_MS } },
    args: ['--speedup', '2', '--concurrency', '64', ...args],
  })
  const stop = new AbortController()
  const first = group.start()
  await owns(first)
  const trickling = trickle(bootstrapServers, topic, stop.signal)
  await delay(QUIET_MS)
  for (let round = 0; round < ROUNDS; round++) {
    const second = group.start()
    await owns(second)
    await delay(QUIET_MS)
    await group.leave(second)
    await delay(QUIET_MS)
  }
  stop.abort()
  await trickling
  const exitCode = await group.leave(first)
  await deleteTopic(bootstrapServers, topic)

  const lines = readFileSync(path, 'utf8').trim().split('\n')
  const { quiet, changing } = gaps(
    lines.map((line) => JSON.parse(line)),
    first.pid,
  )
  const round = (/** @type {number[]} */ all) => Math.round(Math.max(0, ...all))
  return {
    holds: exitCode === 0 && changing.length > 0 && round(changing) <= DRAIN_MS,
    ...{ longestMs: round(changing), undisturbedMs: round(quiet), rebalances: changing.length / PARTITIONS, exitCode },
  }
}

/**
 * @param {string} bootstrapServers
 * @param {string} topic
 * @param {AbortSignal} signal
 */
async function trickle(bootstrapServers, topic, signal) {
  const producer = kafkaClient(bootstrapServers).producer({ allowAutoTopicCreation: false })
  await producer.connect()
  for (let seq = 0; !signal.aborted; seq++) {
    const messages = Array.from({ length: PARTITIONS }, (_, partition) => {
      const key = `k${partition}-${seq}`
      return { partition, key, value: JSON.stringify({ key, seq: 0 }) }
    })
    await producer.send({ topic, messages })
    await delay(EVERY_MS)
  }
  await producer.disconnect()
}

/**
 * Between two starts in one partition, by the process that had it before and after: those in the time of a rebalance, and
 * the others. Of a partition that is revoked and given back nothing is told: it did not stay.
 *
 * @param {any[]} lines
 * @param {number} pid
 */
function gaps(lines, pid) {
  /** @type {number[]} */
  const quiet = []
  /** @type {number[]} */
  const changing = []
  /** @type {Map<number, number>} */
  const last = new Map()
  const changes = lines.filter((line) => line.pid === pid && (line.type === 'revoked' || line.type === 'assigned'))
  for (const line of lines) {
    if (line.pid !== pid) continue
    if (line.type === 'revoked') for (const { partition } of line.partitions) last.delete(partition)
    if (line.type !== 'start') continue
    const before = last.get(line.partition)
    last.set(line.partition, line.at)
    if (before === undefined) continue
    const during = changes.some(({ at }) => at >= before && at <= line.at)
    ;(during ? changing : quiet).push(line.at - before)
  }
  return { quiet, changing }
}
