import { describe, expect, test } from 'vitest'
import { checkLedger, contradictions } from '../../src/ledger/check-ledger.js'
import type { Journal } from './journal.js'
import { ledgerOf } from './journal-ledger.js'
import { type Play, type Produced, quick, readers } from './stage.js'
import { stage } from './the-stage.js'

const stamped = new URL('./processors/stamped.mjs', import.meta.url)

function expectOrder({ groupId, events }: Play, produced: readonly Produced[], journal: Journal) {
  const ledger = ledgerOf({ groupId, produced, journal: journal.lines(), events })
  expect(contradictions(checkLedger(ledger, { require: ['I1', 'I2', 'I3', 'I5'] }))).toEqual([])
}

describe.each(readers)('%s reader', (reader) => {
  test('live records start two seconds after their timestamps: none early, and none much later', async () => {
    const topic = await stage.topic(4)
    const journal = stage.journal()
    const settings = { topic, reader, processor: stamped, processDelayMs: 2_000 }
    const play = stage.play({ ...settings, processorOptions: { journal: journal.path } })
    await play.assigned()
    const produced: Produced[] = []
    for (let burst = 0; burst < 10; burst++) {
      const records = Array.from({ length: 100 }, (_, i) => ({ partition: i % 4, key: `k${i}` }))
      produced.push(...(await stage.produce(topic, records)))
    }
    await journal.untilDone(1_000)
    const waits = journal.starts().map(({ value }) => Number(value))
    expect(Math.min(...waits)).toBeGreaterThanOrEqual(2_000)
    expect(waits.sort((a, b) => a - b)[900]!).toBeLessThan(4_000)
    expect(await play.drain()).toMatchObject({ reason: 'drained', processed: 1_000, committed: 1_000 })
    expectOrder(play, produced, journal)
  })

  test('old records do not wait for each other', async () => {
    const topic = await stage.topic(1)
    const old = Date.now() - 60_000
    const produced = await stage.produce(
      topic,
      Array.from({ length: 500 }, (_, i) => ({ key: `k${i % 7}`, timestamp: old })),
    )
    const journal = stage.journal()
    const settings = { topic, reader, processor: stamped, processDelayMs: 2_000 }
    const play = stage.play({ ...settings, processorOptions: { journal: journal.path } }, { untilEnd: true })
    expect(await play.run).toMatchObject({ processed: 500 })
    const at = journal.starts().map((start) => start.at)
    expect(Math.max(...at) - Math.min(...at)).toBeLessThan(1_000)
    expectOrder(play, produced, journal)
  })

  test('what is not due is left uncommitted by a shutdown, which does not wait for it', async () => {
    const topic = await stage.topic(1)
    const old = Date.now() - 60_000
    await stage.produce(topic, [{ key: 'a', timestamp: old }, { key: 'b' }, { key: 'a', timestamp: old }])
    const journal = stage.journal()
    const settings = { topic, reader, processor: stamped, processorOptions: { journal: journal.path } }
    const play = stage.play({ ...settings, processDelayMs: 20_000 })
    await journal.untilDone(1)
    const before = performance.now()
    expect(await play.drain()).toMatchObject({ reason: 'drained', processed: 1, committed: 1 })
    expect(performance.now() - before).toBeLessThan(2_000)
    expect(await stage.committed(play.groupId, topic)).toEqual([1])
    expect(play.work.health().stalls).toEqual([])
  })
})

test('a delay far beyond session and poll interval: nobody is given up, and none is early', async () => {
  const topic = await stage.topic(2)
  const journal = stage.journal()
  const session = quick['session.timeout.ms']
  const processDelayMs = session + 4_000
  const additionalProps = { 'max.poll.interval.ms': session + 500 }
  const settings = { topic, processor: stamped, processDelayMs, drainTimeoutMs: 500, graceMs: 100, additionalProps }
  const play = stage.play({ ...settings, processorOptions: { journal: journal.path } })
  await play.assigned()
  const records = Array.from({ length: 20 }, (_, i) => ({ partition: i % 2, key: `k${i}` }))
  const produced = await stage.produce(topic, records)
  await journal.untilDone(20)
  const waits = journal.starts().map(({ value }) => Number(value))
  expect(Math.min(...waits)).toBeGreaterThanOrEqual(processDelayMs)
  const changes = play.events.all.map(({ type }) => type).filter((type) => /assigned|revoked|lost/.test(type))
  expect(changes).toEqual(['assigned'])
  expect(await play.drain()).toMatchObject({ processed: 20, committed: 20 })
  expectOrder(play, produced, journal)
})
