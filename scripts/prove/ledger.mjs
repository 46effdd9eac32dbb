// @ts-check
/**
 * `zk run` is killed three times in the middle of its work and started again; then a second process joins and leaves in
 * good order, twice. The ledger that all of them write is the judge: nothing lost, order kept, and nothing repeated but
 * what had finished since the last acknowledged commit of a process that was killed.
 */
import { randomUUID } from 'node:crypto'
import { closeSync, mkdtempSync, openSync, readSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { checkLedger, contradictions, ledgerNow, openLedger, produceWorkload, workload } from './kit.mjs'
import { say } from './verdict.mjs'
import { withKafka } from './with-kafka.mjs'
import { zkRun } from './zk.mjs'

const KEYS = 2_000
const PARTITIONS = 12
const LOOK_MS = 20
/** Makes each handler some 0.2 ms long, so that a run is long enough to be disturbed. */
const CPU_PASSES = '1500'
const processor = new URL('../../packages/testing/processors/ledger.mjs', import.meta.url)
const observer = fileURLToPath(new URL('./observe.mjs', import.meta.url))

/** @type {import('./verdict.mjs').Proof} */
export const prove = async ({ messages = 200_000 }) =>
  withKafka(async (bootstrapServers) => {
    const dir = mkdtempSync(join(tmpdir(), 'zk-prove-ledger-'))
    const verdict = await story(bootstrapServers, messages, join(dir, 'ledger.jsonl'))
    if (verdict.holds) rmSync(dir, { recursive: true })
    else say(`The ledger is kept: ${dir}`)
    return verdict
  })

/**
 * @param {string} bootstrapServers
 * @param {number} messages
 * @param {string} path
 */
async function story(bootstrapServers, messages, path) {
  const topic = `prove-ledger-${randomUUID()}`
  const group = topic
  const ledger = openLedger(path)
  say(`Producing ${messages} messages with ${KEYS} keys to ${PARTITIONS} partitions`)
  const records = workload({ messages, keys: KEYS })
  await produceWorkload({ bootstrapServers, topic, records, partitions: PARTITIONS, onProduced: ledger.append })
  const finished = countEnds(path, messages)
  const args = ['--speedup', '4', '--prop', 'session.timeout.ms=6000']
  const env = { LEDGER: path, LEDGER_CPU: CPU_PASSES, LEDGER_GROUP: group, UV_THREADPOOL_SIZE: '16' }
  const start = () => {
    const nodeOptions = { NODE_OPTIONS: `--import ${observer}` }
    const zk = zkRun({ bootstrapServers, topic, group, processor, args, env: { ...env, ...nodeOptions } })
    const ended = zk.ended.then((code) => {
      // Where a signal ended it, the line below has said so.
      if (code !== null) ledger.append({ type: 'exit', pid: zk.pid, code, expectedCode: 0, at: ledgerNow() })
      return code
    })
    return { ...zk, ended }
  }
  /** @param {ReturnType<typeof start>} zk */
  const drain = async (zk) => {
    zk.kill('SIGTERM')
    ledger.append({ type: 'killed', pid: zk.pid, signal: 'SIGTERM', at: ledgerNow() })
    return zk.ended
  }

  const started = Date.now()
  for (const share of [0.15, 0.3, 0.45]) {
    const zk = start()
    await finished.reach(share * messages)
    zk.kill('SIGKILL')
    await zk.ended
    ledger.append({ type: 'killed', pid: zk.pid, signal: 'SIGKILL', at: ledgerNow() })
    say(`SIGKILL after ${finished.count()} deliveries`)
  }
  const first = start()
  await first.ready
  for (const share of [0.6, 0.75]) {
    await finished.reach(share * messages)
    const second = start()
    await owns(second)
    say(`A second process joined after ${finished.count()} deliveries`)
    await finished.reach(finished.count() + 0.05 * messages)
    say(`It leaves with code ${await drain(second)} after ${finished.count()} deliveries`)
  }
  await finished.all()
  say(`The first leaves with code ${await drain(first)}`)
  const seconds = (Date.now() - started) / 1000
  finished.close()
  ledger.close()

  const require = /** @type {const} */ (['I1', 'I2', 'I3', 'I4', 'I5', 'I6', 'I7', 'I8'])
  const verdict = checkLedger(path, { require })
  const { duplicates, explainedByDeaths, succeeded, deliveries, torn } = verdict.counts
  return {
    holds: verdict.ok && duplicates === explainedByDeaths && succeeded === messages,
    invariants: Object.fromEntries(Object.entries(verdict.invariants).map(([name, { state }]) => [name, state])),
    ...{ messages, succeeded, deliveries, duplicates, explainedByDeaths, torn, seconds: Math.round(seconds) },
    contradictions: contradictions(verdict),
  }
}

/**
 * Resolves when the process has partitions of its own.
 * @param {ReturnType<typeof zkRun>} zk
 */
async function owns(zk) {
  await zk.ready
  const has = () =>
    zk.events.some(
      ({ event, partitions }) => event === 'assigned' && Array.isArray(partitions) && partitions.length > 0,
    )
  while (!has()) await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
}

/**
 * Counts successful ends in a growing ledger, and the records that have one.
 * @param {string} path
 * @param {number} messages how many there are
 */
function countEnds(path, messages) {
  const fd = openSync(path, 'r')
  const chunk = Buffer.alloc(1 << 20)
  let position = 0
  let rest = ''
  let ends = 0
  /** @type {Map<string, string>} */
  const started = new Map()
  /** @type {Set<string>} */
  const records = new Set()
  const look = () => {
    for (let size = readSync(fd, chunk, 0, chunk.length, position); size > 0; ) {
      position += size
      const lines = (rest + chunk.toString('latin1', 0, size)).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) take(line)
      size = readSync(fd, chunk, 0, chunk.length, position)
    }
  }
  /** @param {string} line */
  const take = (line) => {
    if (line.startsWith('{"type":"start"')) {
      const { id, partition, offset } = JSON.parse(line)
      started.set(id, `${partition}@${offset}`)
    } else if (line.startsWith('{"type":"end"')) {
      const { id, ok } = JSON.parse(line)
      if (ok) records.add(started.get(id) ?? '')
      started.delete(id)
      ends++
    }
  }
  /** @param {() => boolean} done */
  const until = async (done) => {
    for (look(); !done(); look()) await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
  }
  return {
    count: () => ends,
    reach: (/** @type {number} */ wanted) =>
      until(() => {
        if (records.size >= messages && ends < wanted) throw new Error('All was done before it could be disturbed')
        return ends >= wanted
      }),
    all: () => until(() => records.size >= messages),
    close: () => closeSync(fd),
  }
}
