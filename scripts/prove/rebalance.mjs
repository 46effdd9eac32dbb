// @ts-check
/**
 * Three processes share a topic under load while every three seconds one of them leaves in good order or another joins,
 * for two minutes (`--minutes n`), three times (`--runs n`) with each group protocol (`--protocol eager | cooperative |
 * consumer`). The ledger that all of them write is the judge: nothing lost, order kept, nothing run twice at a time, and
 * nothing repeated but what a fenced member had finished; and every process ends with exit code 0. Of the runs of a protocol
 * one may have a member that was fenced.
 */
import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { chosen } from './chosen.mjs'
import { checkLedger, contradictions, invariants, produceWorkload, workload } from './kit.mjs'
import { ledgerGroup } from './ledger-group.mjs'
import { followLedger } from './ledger-tail.mjs'
import { createTopic, deleteTopic } from './topics.mjs'
import { say } from './verdict.mjs'
import { withKafka } from './with-kafka.mjs'
import { withLedger } from './with-ledger.mjs'
import { owns } from './zk.mjs'

const KEYS = 2_000
const PARTITIONS = 12
const MEMBERS = 3
const PER_SECOND = 3_000
const CHANGE_MS = 3_000
const CONCURRENCY = 4
const MAX_FENCED_RUNS = 1
/** What a handler waits: long enough that every revoke finds handlers that run. */
const HANDLER_MS = '2'
/** For the last records, once all have been produced. */
const CATCH_UP_MS = 60_000

/** Members hear of a change within half a second, so that each is under way before the next comes. */
const HEARTBEAT = ['--prop', 'heartbeat.interval.ms=500']
/** @type {Record<string, string[]>} */
const protocols = {
  eager: ['--assignment-strategy', 'range', ...HEARTBEAT],
  cooperative: HEARTBEAT,
  consumer: ['--group-protocol', 'consumer'],
}

/** @type {import('./verdict.mjs').Proof} */
export const prove = async ({ minutes = 2, runs = 3, protocol }) => {
  const chosenProtocols = chosen('--protocol', protocols, protocol)
  return withKafka(async (bootstrapServers) => {
    /** @type {Record<string, import('./verdict.mjs').Verdict>} */
    const verdicts = {}
    for (const [name, args] of chosenProtocols) {
      /** @type {Awaited<ReturnType<typeof story>>[]} */
      const told = []
      for (let run = 1; run <= runs; run++) {
        say(`Protocol ${name}, run ${run} of ${runs}: ${PER_SECOND} messages a second for ${minutes} min`)
        told.push(
          await withLedger('rebalance', (path, ledger) => story(bootstrapServers, path, ledger, { minutes, args })),
        )
        say(`Protocol ${name}: ${JSON.stringify(told.at(-1))}`)
      }
      const fencedRuns = told.filter(({ fences }) => fences > 0).length
      verdicts[name] = {
        holds: told.every(({ holds }) => holds) && fencedRuns <= MAX_FENCED_RUNS,
        ...{ fencedRuns, runs: told },
      }
    }
    return { holds: Object.values(verdicts).every(({ holds }) => holds), minutes, ...verdicts }
  })
}

/**
 * @param {string} bootstrapServers
 * @param {string} path
 * @param {{ append(line: object): void }} ledger
 * @param {{ minutes: number, args: string[] }} how
 */
async function story(bootstrapServers, path, ledger, { minutes, args }) {
  const topic = `prove-rebalance-${randomUUID()}`
  const messages = Math.round(minutes * 60 * PER_SECOND)
  const finished = followLedger(path, messages)
  const group = ledgerGroup({
    ...{ bootstrapServers, topic, path, ledger, env: { LEDGER_MS: HANDLER_MS } },
    args: ['--speedup', '2', '--concurrency', String(CONCURRENCY), ...args],
  })

  await createTopic(bootstrapServers, topic, PARTITIONS)
  /** @type {import('./ledger-group.mjs').Member[]} */
  const members = Array.from({ length: MEMBERS }, group.start)
  const all = [...members]
  await Promise.all(members.map(owns))

  let isProducing = true
  const producing = produceWorkload({
    ...{ bootstrapServers, topic, perSecond: PER_SECOND, onProduced: ledger.append },
    records: workload({ messages, keys: KEYS }),
  }).finally(() => {
    isProducing = false
  })
  // Its rejection is heard below; meanwhile nobody listens.
  producing.catch(() => {})
  /** @type {Promise<number | null>[]} */
  const codes = []
  let [joins, leaves, slowestLeaveMs] = [MEMBERS, 0, 0]
  /** @param {import('./ledger-group.mjs').Member} zk */
  const leave = async (zk) => {
    const asked = performance.now()
    const code = await group.leave(zk)
    slowestLeaveMs = Math.max(slowestLeaveMs, Math.round(performance.now() - asked))
    return code
  }
  while (isProducing) {
    await Promise.race([delay(CHANGE_MS), producing])
    if (!isProducing) break
    if (members.length < MEMBERS) {
      const zk = group.start()
      members.push(zk)
      all.push(zk)
      joins++
    } else {
      // The oldest and the newest in turn: who has seen most, and who has hardly begun.
      const zk = /** @type {import('./ledger-group.mjs').Member} */ (leaves % 2 === 0 ? members.shift() : members.pop())
      leaves++
      codes.push(leave(zk))
    }
    if ((joins + leaves) % 10 === 0) say(`${joins} joined, ${leaves} left, ${finished.count()} deliveries ended`)
  }
  await producing
  const complete = await finished.all(CATCH_UP_MS)
  for (const zk of members) codes.push(leave(zk))
  const exitCodes = await Promise.all(codes)
  finished.close()
  await deleteTopic(bootstrapServers, topic)

  const verdict = checkLedger(path, { require: Object.keys(invariants), concurrency: CONCURRENCY })
  const { duplicates, explainedByDeaths, succeeded, deliveries } = verdict.counts
  const fences = all.reduce((sum, { events }) => sum + events.filter(({ event }) => event === 'lost').length, 0)
  const revokes = all.flatMap(({ events }) => events.filter(({ event }) => event === 'revoked'))
  return {
    holds:
      verdict.ok &&
      complete &&
      succeeded === messages &&
      duplicates === explainedByDeaths &&
      exitCodes.every((code) => code === 0),
    invariants: Object.fromEntries(Object.entries(verdict.invariants).map(([name, { state }]) => [name, state])),
    ...{ messages, succeeded, deliveries, duplicates, explainedByFences: explainedByDeaths, fences },
    ...{
      joins,
      leaves,
      revokes: revokes.length,
      cutAtDeadline: revokes.filter((one) => one.complete === false).length,
    },
    ...{ slowestLeaveMs, exitCodes: [...new Set(exitCodes)], contradictions: contradictions(verdict) },
  }
}
