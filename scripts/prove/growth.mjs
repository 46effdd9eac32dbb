// @ts-check
/**
 * A topic changes under two members that read it, with each kind of group protocol. It grows from 4 to 12 partitions under
 * load: judged by the ledger, nothing is lost, reordered or repeated. Then it is deleted, and another takes its name, with
 * more records than the first one had: all of them are worked on, in order.
 */
import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { chosen } from './chosen.mjs'
import { disorder } from './key-order.mjs'
import { checkLedger, contradictions, invariants, produceWorkload, workload } from './kit.mjs'
import { ledgerGroup } from './ledger-group.mjs'
import { followLedger } from './ledger-tail.mjs'
import { addPartitions, createTopic, deleteTopic } from './topics.mjs'
import { say } from './verdict.mjs'
import { withKafka } from './with-kafka.mjs'
import { withLedger } from './with-ledger.mjs'
import { owns } from './zk.mjs'

const KEYS = 500
const BEFORE = 4
const AFTER = 12
const PER_SECOND = 1_000
const SECONDS = 10
const MESSAGES = PER_SECOND * SECONDS
const CATCH_UP_MS = 60_000
/** librdkafka's default is five minutes. */
const REFRESH = ['--prop', 'topic.metadata.refresh.interval.ms=3000']

/** @type {Record<string, string[]>} */
const protocols = {
  classic: ['--prop', 'heartbeat.interval.ms=500'],
  consumer: ['--group-protocol', 'consumer'],
}

/** @type {import('./verdict.mjs').Proof} */
export const prove = async ({ protocol }) => {
  const chosenProtocols = chosen('--protocol', protocols, protocol)
  return withKafka(async (bootstrapServers) => {
    /** @type {Record<string, { growth: import('./verdict.mjs').Verdict, replacement: import('./verdict.mjs').Verdict }>} */
    const verdicts = {}
    for (const [name, own] of chosenProtocols) {
      const args = ['--speedup', '2', ...REFRESH, ...own]
      const growth = await withLedger('growth', (path, ledger) => grow({ bootstrapServers, path, ledger, args }))
      say(`${name}: ${JSON.stringify(growth)}`)
      const replacement = await withLedger('growth', (path, ledger) =>
        replace({ bootstrapServers, path, ledger, args }),
      )
      say(`${name}: ${JSON.stringify(replacement)}`)
      verdicts[name] = { growth, replacement }
    }
    const holds = Object.values(verdicts).every(({ growth, replacement }) => growth.holds && replacement.holds)
    return { holds, ...verdicts }
  })
}

/**
 * @typedef {object} Scene
 * @property {string} bootstrapServers
 * @property {string} path
 * @property {{ append(line: object): void }} ledger
 * @property {string[]} args
 */

/** @param {Scene} scene */
async function grow({ bootstrapServers, path, ledger, args }) {
  const topic = `prove-growth-${randomUUID()}`
  await createTopic(bootstrapServers, topic, BEFORE)
  const finished = followLedger(path, 2 * MESSAGES)
  const group = ledgerGroup({ bootstrapServers, topic, path, ledger, args, env: { LEDGER_MS: '1' } })
  const members = [group.start(), group.start()]
  await Promise.all(members.map(owns))
  const produce = (/** @type {number} */ seed) =>
    produceWorkload({
      ...{ bootstrapServers, topic, perSecond: PER_SECOND, onProduced: ledger.append },
      records: workload({ messages: MESSAGES, keys: KEYS, seed }),
    })
  await produce(1)
  await addPartitions(bootstrapServers, topic, AFTER)
  // At once, before anybody has seen them: what is in them must not be passed over.
  await produce(2)
  const complete = await finished.all(CATCH_UP_MS)
  finished.close()
  const exitCodes = await Promise.all(members.map(group.leave))
  await deleteTopic(bootstrapServers, topic)

  const verdict = checkLedger(path, { require: Object.keys(invariants) })
  const { succeeded, duplicates } = verdict.counts
  const owned = new Set(
    members.flatMap(({ events }) =>
      events.flatMap(({ event, partitions }) =>
        event === 'assigned' ? /** @type {any[]} */ (partitions).map(({ partition }) => partition) : [],
      ),
    ),
  )
  return {
    holds: verdict.ok && complete && duplicates === 0 && owned.size === AFTER && exitCodes.every((code) => code === 0),
    ...{ messages: 2 * MESSAGES, succeeded, duplicates, partitions: owned.size, exitCodes },
    contradictions: contradictions(verdict),
  }
}

/**
 * Judged by itself: to the ledger's checker two records of one place would be one with two names.
 * @param {Scene} scene
 */
async function replace({ bootstrapServers, path, ledger, args }) {
  const topic = `prove-growth-${randomUUID()}`
  await createTopic(bootstrapServers, topic, BEFORE)
  const group = ledgerGroup({ bootstrapServers, topic, path, ledger, args, env: { LEDGER_MS: '1' } })
  const members = [group.start(), group.start()]
  await Promise.all(members.map(owns))
  const produce = (/** @type {number} */ messages) =>
    produceWorkload({
      bootstrapServers,
      topic,
      records: workload({ messages, keys: KEYS, valueBytes: messages % 997 }),
    })
  await produce(MESSAGES)
  const until = async (/** @type {() => boolean} */ done) => {
    for (const late = performance.now() + CATCH_UP_MS; !done() && performance.now() < late; ) await delay(200)
    return done()
  }
  await until(() => ends(linesIn(path)).length >= MESSAGES)
  await deleteTopic(bootstrapServers, topic)
  await createTopic(bootstrapServers, topic, AFTER)
  const before = linesIn(path).length
  await produce(3 * MESSAGES)
  const linesOfNew = () => linesIn(path).slice(before)
  const names = () => ends(linesOfNew())
  const complete = await until(() => new Set(names()).size >= 3 * MESSAGES)
  const exitCodes = await Promise.all(members.map(group.leave))
  const all = names()
  const wrong = disorder(linesOfNew())
  return {
    holds: complete && wrong === undefined && exitCodes.every((code) => code === 0),
    ...{ messages: 3 * MESSAGES, succeeded: new Set(all).size, deliveries: all.length, exitCodes, disorder: wrong },
  }
}

const linesIn = (/** @type {string} */ path) => readFileSync(path, 'utf8').split('\n').slice(0, -1)

/**
 * @param {readonly string[]} lines of a ledger
 * @returns {string[]} key and number of each record of which a handler ended well, in order
 */
function ends(lines) {
  /** @type {Map<string, string>} */
  const started = new Map()
  return lines.flatMap((text) => {
    if (text.startsWith('{"type":"start"')) {
      const { id, key, seq } = JSON.parse(text)
      started.set(id, `${key}/${seq}`)
    }
    if (!text.startsWith('{"type":"end"')) return []
    const { id, ok } = JSON.parse(text)
    return ok ? [started.get(id) ?? ''] : []
  })
}
