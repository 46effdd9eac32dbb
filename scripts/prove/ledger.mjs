// @ts-check
/**
 * `zk run` is killed three times in the middle of its work and started again; then a second process joins and leaves in
 * good order, twice. The ledger that all of them write is the judge: nothing lost, order kept, and nothing repeated but
 * what had finished since the last acknowledged commit of a process that was killed: what its metadata tells of, some records
 * after each death, is not.
 */
import { randomUUID } from 'node:crypto'
import { checkLedger, contradictions, invariants, ledgerNow, produceWorkload, workload } from './kit.mjs'
import { ledgerGroup } from './ledger-group.mjs'
import { followLedger } from './ledger-tail.mjs'
import { say } from './verdict.mjs'
import { withKafka } from './with-kafka.mjs'
import { withLedger } from './with-ledger.mjs'
import { owns } from './zk.mjs'

const KEYS = 2_000
const PARTITIONS = 12
/** Makes each handler some 0.2 ms long, so that a run is long enough to be disturbed. */
const CPU_PASSES = '1500'

/** @type {import('./verdict.mjs').Proof} */
export const prove = async ({ messages = 200_000 }) =>
  withKafka((bootstrapServers) =>
    withLedger('ledger', (path, ledger) => story(bootstrapServers, messages, path, ledger)),
  )

/**
 * @param {string} bootstrapServers
 * @param {number} messages
 * @param {string} path
 * @param {{ append(line: object): void }} ledger
 */
async function story(bootstrapServers, messages, path, ledger) {
  const topic = `prove-ledger-${randomUUID()}`
  say(`Producing ${messages} messages with ${KEYS} keys to ${PARTITIONS} partitions`)
  const records = workload({ messages, keys: KEYS })
  await produceWorkload({ bootstrapServers, topic, records, partitions: PARTITIONS, onProduced: ledger.append })
  const finished = followLedger(path, messages)
  const args = ['--speedup', '4', '--prop', 'session.timeout.ms=6000']
  const { start, leave } = ledgerGroup({ bootstrapServers, topic, path, ledger, args, env: { LEDGER_CPU: CPU_PASSES } })

  // Five times what the handlers of all of them take in one thread.
  const patienceMs = 60_000 + messages
  const started = Date.now()
  for (const share of [0.15, 0.3, 0.45]) {
    const zk = start()
    await finished.reach(share * messages, patienceMs)
    zk.kill('SIGKILL')
    await zk.ended
    ledger.append({ type: 'killed', pid: zk.pid, signal: 'SIGKILL', at: ledgerNow() })
    say(`SIGKILL after ${finished.count()} deliveries`)
  }
  const first = start()
  await first.ready
  for (const share of [0.6, 0.75]) {
    await finished.reach(share * messages, patienceMs)
    const second = start()
    await owns(second)
    say(`A second process joined after ${finished.count()} deliveries`)
    await finished.reach(finished.count() + 0.05 * messages, patienceMs)
    say(`It leaves with code ${await leave(second)} after ${finished.count()} deliveries`)
  }
  const complete = await finished.all(patienceMs)
  say(`The first leaves with code ${await leave(first)}`)
  const seconds = (Date.now() - started) / 1000
  finished.close()

  const verdict = checkLedger(path, { require: Object.keys(invariants) })
  const { duplicates, explainedByDeaths, spared, succeeded, deliveries, torn } = verdict.counts
  return {
    holds: complete && verdict.ok && duplicates === explainedByDeaths && spared > 0 && succeeded === messages,
    invariants: Object.fromEntries(Object.entries(verdict.invariants).map(([name, { state }]) => [name, state])),
    ...{ messages, succeeded, deliveries, duplicates, explainedByDeaths, spared, torn, seconds: Math.round(seconds) },
    contradictions: contradictions(verdict),
  }
}
