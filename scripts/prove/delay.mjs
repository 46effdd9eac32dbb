// @ts-check
/**
 * Records wait for ninety seconds in a group that gives up members after ten seconds of silence, or fifteen without a poll:
 * nobody is given up (one assignment, and nothing taken away), no record is early, and none much later than it is due.
 */
import { randomUUID } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { loadClient, quiet } from './kit.mjs'
import { createTopic, deleteTopic, kafkaClient } from './topics.mjs'
import { say } from './verdict.mjs'
import { withKafka } from './with-kafka.mjs'

const DELAY_MS = 90_000
const LATEST_MS = 5_000
const PARTITIONS = 4
/** In bursts, so that some are due long before others. */
const [BURSTS, BURST, BURST_EVERY_MS] = [10, 50, 2_000]
const RECORDS = BURSTS * BURST
const properties = { 'session.timeout.ms': 10_000, 'max.poll.interval.ms': 15_000 }
const processor = new URL('./processors/stamps.mjs', import.meta.url)

/** @type {import('./verdict.mjs').Proof} */
export const prove = async () =>
  withKafka(async (bootstrapServers) => {
    const topic = `prove-delay-${randomUUID()}`
    await createTopic(bootstrapServers, topic, PARTITIONS)
    const dir = mkdtempSync(join(tmpdir(), 'zk-prove-delay-'))
    const journal = join(dir, 'journal')
    writeFileSync(journal, '')
    process.env.STAMP_JOURNAL = journal
    const waits = () => readFileSync(journal, 'utf8').split('\n').slice(0, -1).map(Number)
    const createClient = await loadClient()
    const client = createClient({ bootstrapServers: bootstrapServers.split(',') })
    const work = client.workFactory({ logger: quiet }).create({
      ...{ topic, groupId: topic, processor, speedup: 2, processDelayMs: DELAY_MS },
      ...{ drainTimeoutMs: 5_000, additionalProps: properties },
    })
    /** @type {string[]} */
    const changes = []
    const shutdown = new AbortController()
    const run = work.run({
      shutdown: shutdown.signal,
      onEvent: (/** @type {{ type: string }} */ { type }) => {
        if (['assigned', 'revoked', 'lost'].includes(type)) changes.push(type)
      },
    })
    while (changes.length === 0) await Promise.race([delay(20), run])
    const producer = kafkaClient(bootstrapServers).producer({ allowAutoTopicCreation: false })
    await producer.connect()
    for (let burst = 0; burst < BURSTS; burst++) {
      const messages = Array.from({ length: BURST }, (_, i) => ({
        partition: i % PARTITIONS,
        key: `k${i}`,
        value: 'x',
      }))
      await producer.send({ topic, messages })
      await delay(BURST_EVERY_MS)
    }
    await producer.disconnect()
    say(`${RECORDS} records are there; the last is due in ${(DELAY_MS - BURST_EVERY_MS) / 1_000} s`)
    const until = performance.now() + DELAY_MS + 3 * LATEST_MS
    while (waits().length < RECORDS && performance.now() < until) await Promise.race([delay(200), run])
    const changesWhileRunning = [...changes]
    shutdown.abort()
    const { reason, processed, committed } = await run
    await client.close()
    await deleteTopic(bootstrapServers, topic)
    const all = waits()
    rmSync(dir, { recursive: true })
    const [earliestMs, latestMs] = [Math.min(...all), Math.max(...all)]
    return {
      holds:
        changesWhileRunning.join() === 'assigned' &&
        all.length === RECORDS &&
        committed === RECORDS &&
        earliestMs >= DELAY_MS &&
        latestMs <= DELAY_MS + LATEST_MS,
      ...{ delayMs: DELAY_MS, earliestMs, latestMs, changesWhileRunning, properties },
      ...{ records: RECORDS, starts: all.length, reason, processed, committed },
    }
  })
