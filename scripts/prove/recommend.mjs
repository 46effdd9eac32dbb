// @ts-check
/**
 * The recommendation of `zk bench` against the best of an exhaustive search, for five handlers: one that computes, one that waits,
 * one that does both, one bound by a service that all share, and one that takes less than a microsecond.
 *
 * Both are done in turn, five times. The search knows nothing of the bench: it runs a work with each speedup and concurrency on a
 * backlog of its own, and counts what completes. What the bench has recommended so far, the search measures too;
 * its median has to be within a tenth of the best median. Give it a quiet machine.
 */
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { startService } from './bench-service.mjs'
import { chosen } from './chosen.mjs'
import { loadClient, loadEmbeddedBroker, loadFillTopic, median, quiet } from './kit.mjs'
import { say } from './verdict.mjs'

const run = promisify(execFile)
const bin = fileURLToPath(new URL('../../packages/runtime/bin/zk.cjs', import.meta.url))

const NEARLY = 0.9
const REPEATS = 5
const TOPIC = 'search'
const [MESSAGES, KEYS, PARTITIONS] = [1_200_000, 100_000, 64]
const [WARM_MS, MEASURED_MS, LOOK_MS] = [300, 1_000, 5]
/** Where more than these pass, V8 compiles what each takes first: until a quarter of all has passed, or a second. */
const [FAST_RECORDS, COMPILED_MS] = [5_000, 1_000]
const READ_AHEAD = 128_000
/** None of the numbers of handlers that `zk bench` tries by itself. */
const SERVICE = { slots: 6, ms: 5 }

const cores = availableParallelism()
/** Beyond the cores too: they might be the best. */
const speedups = [...new Set([1, 2, 3, cores, cores + 1, 2 * cores])].sort((a, b) => a - b)

/** What is worth a search: more handlers at a time than these would be more than any of the five can use. */
const cases = {
  cpu: [1, 2, 4, 16],
  io: [1, 4, 16, 64, 256, 512, 1_024, 2_048, 4_096],
  mixed: [1, 2, 4, 8, 16, 32, 64, 256],
  shared: [1, 2, 3, 4, 6, 8, 16, 64, 256],
  short: [1, 4, 16],
}

/** @typedef {{ speedup: number, concurrency: number }} Way */

/** @type {import('./verdict.mjs').Proof} */
export const prove = async ({ runs = REPEATS, case: only }) => {
  const chosenCases = chosen('--case', cases, only)
  const createClient = await loadClient()
  const fillTopic = await loadFillTopic()
  const broker = await (await loadEmbeddedBroker())({ topics: { [TOPIC]: PARTITIONS } })
  const service = await startService(SERVICE)
  const dir = mkdtempSync(join(tmpdir(), 'zk-prove-recommend-'))
  const options = join(dir, 'options.json')
  writeFileSync(options, JSON.stringify({ port: service.port }))
  try {
    const value = Buffer.alloc(200, 'x')
    await fillTopic({
      ...{ bootstrapServers: broker.bootstrapServers, topic: TOPIC, messages: MESSAGES },
      record: (/** @type {number} */ i) => ({ key: Buffer.from(`key-${i % KEYS}`), value }),
    })
    const context = { createClient, bootstrapServers: broker.bootstrapServers, port: service.port, options }
    const verdicts = []
    for (const [name, concurrencies] of chosenCases) {
      verdicts.push(await judge({ ...context, name, concurrencies, runs }))
    }
    return { holds: verdicts.every(({ holds }) => holds), cores, runs, cases: verdicts }
  } finally {
    rmSync(dir, { recursive: true })
    service.stop()
    await broker.stop()
  }
}

/**
 * @typedef {object} Context
 * @property {string} name
 * @property {number[]} concurrencies
 * @property {number} runs
 * @property {any} createClient
 * @property {string} bootstrapServers
 * @property {number} port
 * @property {string} options
 */

/** @param {Context} context */
async function judge(context) {
  const { name, concurrencies, runs } = context
  const ways = speedups.flatMap((speedup) => concurrencies.map((concurrency) => ({ speedup, concurrency })))
  /** @type {Map<string, number[]>} */
  const rates = new Map()
  /** @type {(Way & { sentence: string })[]} */
  const recommended = []
  for (let repeat = 0; repeat < runs; repeat++) {
    recommended.push(await recommendation(context))
    say(`${name} ${repeat + 1} of ${runs}: ${recommended.at(-1)?.sentence}`)
    // What was recommended is measured too, each way once.
    const once = [...new Map([...ways, ...recommended].map((way) => [keyOf(way), way])).values()]
    for (const way of repeat % 2 === 0 ? once : once.reverse()) {
      const rate = await measure(context, way)
      rates.set(keyOf(way), [...(rates.get(keyOf(way)) ?? []), rate])
    }
  }
  const medians = [...rates].map(([way, all]) => /** @type {const} */ ([way, Math.round(median(all))]))
  const best = medians.reduce((most, one) => (one[1] > most[1] ? one : most))
  const shares = recommended.map((way) => Math.round((median(rates.get(keyOf(way)) ?? []) / best[1]) * 1_000) / 1_000)
  return {
    ...{ case: name, holds: shares.every((share) => share >= NEARLY), shares },
    ...{ recommended: recommended.map(({ sentence }) => sentence), best: { way: best[0], perSecond: best[1] } },
  }
}

/** @param {Context} context @returns {Promise<Way & { sentence: string }>} */
async function recommendation({ name, options }) {
  const args = [bin, 'bench', processorOf(name), '--options', options, '--no-end-to-end', '--json']
  const { stdout } = await run(process.execPath, args, { maxBuffer: 2 ** 24 })
  return JSON.parse(/** @type {string} */ (stdout.trim().split('\n').at(-1)))
}

/** @param {Context} context @param {Way} way @returns {Promise<number>} messages a second */
async function measure({ name, createClient, bootstrapServers, port }, { speedup, concurrency }) {
  const client = createClient({ bootstrapServers: [bootstrapServers] })
  const groupId = `search-${performance.now()}`
  const work = client.workFactory({ logger: quiet }).create({
    ...{ topic: TOPIC, groupId, processor: processorOf(name), processorOptions: { port }, speedup, concurrency },
    additionalProps: {
      // By default all of the backlog is read ahead at once, and takes slow handlers the cores for a second.
      'queued.min.messages': READ_AHEAD / PARTITIONS,
      // The embedded broker answers a fetch that finds nothing when this time is over, and not when something comes.
      'fetch.wait.max.ms': 1,
    },
  })
  const shutdown = new AbortController()
  const ended = work.run({ shutdown: shutdown.signal, untilEnd: true })
  const processed = () => work.state()?.counters.processed ?? 0
  try {
    while (processed() === 0) await Promise.race([delay(LOOK_MS), ended])
    const first = performance.now()
    const isWarm = () => {
      const ms = performance.now() - first
      const [done, isFast] = [processed(), processed() >= FAST_RECORDS && ms < COMPILED_MS]
      return done >= MESSAGES / 4 || (ms >= WARM_MS && !isFast)
    }
    while (!isWarm()) await Promise.race([delay(LOOK_MS), ended])
    const from = { at: performance.now(), processed: processed() }
    const done = () => performance.now() - from.at >= MEASURED_MS || processed() >= MESSAGES
    while (!done()) await Promise.race([delay(LOOK_MS), ended])
    return ((processed() - from.processed) / (performance.now() - from.at)) * 1_000
  } finally {
    shutdown.abort()
    await ended
    await client.close()
  }
}

/** @param {string} name */
const processorOf = (name) => fileURLToPath(new URL(`./processors/bench-${name}.mjs`, import.meta.url))

/** @param {Way} way */
const keyOf = ({ speedup, concurrency }) => `${speedup} × ${concurrency}`
