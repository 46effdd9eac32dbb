/** Works whose dead letter topic refuses: no offset passes a record that is nowhere yet, and in the end it is there once. */

import { afterEach, describe, expect, test } from 'vitest'
import { checkLedger, contradictions } from '../../src/ledger/check-ledger.js'
import { byKey, disorder, type Journal, places } from './journal.js'
import { ledgerOf } from './journal-ledger.js'
import { Admins, OLD, type Refusal, refusals, smallRecordsOnly } from './refusals.js'
import type { WrittenLetter } from './stage.js'
import { isReal } from './stage.js'
import { eventually, openGate } from './waiting.js'

const faulty = new URL('./processors/faulty.mjs', import.meta.url)
const RECORDS = 30
const FAILING = [5, 21]
/** How long the topic refuses where the test says when it takes records again. */
const REFUSED_MS = isReal ? 10_000 : 2_000

const admins = new Admins()
afterEach(() => admins.close())

function records(partition: number, value: (i: number) => string) {
  return Array.from({ length: RECORDS }, (_, i) => ({ partition, key: `k${i % 5}`, value: value(i), timestamp: OLD }))
}

function playOn({ stage, topic, letters, groupId }: Refusal, journal: Journal, more: object = {}) {
  const gate = new SharedArrayBuffer(4)
  const play = stage.play({
    ...{ topic, groupId, processor: faulty, concurrency: 4, circuitBreaker: false, deadLetterTopic: letters },
    // Otherwise librdkafka goes on by itself for half a minute, and nobody hears of it; and looks for a broker ever more seldom.
    additionalProps: { 'delivery.timeout.ms': 1_500, 'reconnect.backoff.max.ms': 200 },
    ...{ processorOptions: { journal: journal.path, ms: 0, gate }, ...more },
  })
  return { play, gate }
}

/** Without the probes of the test. */
async function lettersOf({ stage, letters }: Refusal): Promise<WrittenLetter[]> {
  return (await stage.deadLetters(letters)).filter(({ cause }) => cause !== undefined)
}

test.each(Object.keys(refusals))(
  '%s: nothing is committed past a record that is not written yet, and then it is there once',
  { timeout: 90_000 },
  async (name) => {
    const refusal = await refusals[name]!(admins)
    const { stage, topic, partition, groupId } = refusal
    const journal = stage.journal()
    const produced = await stage.produce(
      topic,
      records(partition, (i) => (FAILING.includes(i) ? 'gated' : 'fine')),
    )
    const { play, gate } = playOn(refusal, journal)
    // Both failing ones are at the gate: what is behind the first waits for nothing but the brokers from here on.
    await journal.until(() => journal.starts().filter(({ value }) => value === 'gated').length === FAILING.length)
    await refusal.begin()
    openGate(gate)
    await play.log.until(({ message }) => message.startsWith('The dead letter topic refuses records'))
    const { live, ready } = play.work.health()
    expect(live.ok).toBe(true)
    expect(ready).toMatchObject({ ok: false, reasons: [expect.stringContaining(refusal.letters)] })
    await journal.untilDone(RECORDS - FAILING.length)

    const seen: number[] = []
    let ended: Promise<void> | undefined
    const since = performance.now()
    for (;;) {
      // In this order: what is committed now is acknowledged before the letters are counted.
      const committed = (await stage.committed(groupId, topic))[partition]!
      if (committed > FAILING[0]!) {
        expect((await lettersOf(refusal)).length).toBeGreaterThanOrEqual(committed > FAILING[1]! ? 2 : 1)
        if (committed === RECORDS) break
      } else seen.push(committed)
      if (performance.now() - since > REFUSED_MS) ended ??= refusal.end()
    }
    await ended
    expect(seen.length).toBeGreaterThan(5)
    expect(seen.at(-1)).toBe(FAILING[0])

    expect(await play.drain()).toMatchObject({ processed: RECORDS, failed: 0, deadLettered: 2, committed: RECORDS })
    expect(play.work.health().ready.reasons).toEqual(['stopped'])
    // In the order in which they failed.
    const written = (await lettersOf(refusal)).sort((a, b) => a.origin.offset - b.origin.offset)
    expect(written.map(({ origin, cause }) => ({ ...origin, cause }))).toEqual(
      FAILING.map((offset) => ({ topic, partition, offset, cause: 'error' })),
    )
    expect(places(journal.starts())).toHaveLength(RECORDS)
    expect(disorder(journal.lines(), byKey)).toEqual([])
    const ledger = ledgerOf({ groupId, produced, journal: journal.lines(), events: play.events, letters: written })
    expect(contradictions(checkLedger(ledger, { concurrency: 4, require: ['I1', 'I2', 'I3', 'I5'] }))).toEqual([])
  },
)

describe('a record that is too large for the dead letter topic', () => {
  const large = `always${'x'.repeat(50_000)}`

  test('is there without its value, and its offset is committed', async () => {
    const refusal = await smallRecordsOnly(admins)
    const { stage, topic, partition, groupId } = refusal
    const journal = stage.journal()
    await stage.produce(
      topic,
      records(partition, (i) => (i === 5 ? large : 'fine')),
    )
    await refusal.begin()
    const { play } = playOn(refusal, journal)
    await eventually(async () => (await stage.committed(groupId, topic))[partition] === RECORDS)
    expect(await play.drain()).toMatchObject({ deadLettered: 1, committed: RECORDS })
    const [letter, ...others] = await lettersOf(refusal)
    expect(others).toEqual([])
    expect(letter).toMatchObject({ value: null, origin: { topic, offset: 5 }, cause: 'error' })
    expect(letter!.headers['zk.dlt.value.dropped']).toBe(String(large.length))
  })

  test("with oversized 'stop' ends the work with exit code 4; it is uncommitted, and the next run meets it again", async () => {
    const refusal = await smallRecordsOnly(admins)
    const { stage, topic, partition, letters, groupId } = refusal
    const journal = stage.journal()
    await stage.produce(
      topic,
      records(partition, (i) => (i === 5 ? large : 'fine')),
    )
    await refusal.begin()
    const { play } = playOn(refusal, journal, { deadLetterTopic: { topic: letters, oversized: 'stop' } })
    const { error } = await play.ended
    expect(error).toMatchObject({ code: 'ZK_DEAD_LETTER_TOO_LARGE', exitCode: 4 })
    expect(error!.message).toContain(`${topic}[${partition}]@5`)
    expect((await stage.committed(groupId, topic))[partition]).toBeLessThanOrEqual(5)
    expect(await lettersOf(refusal)).toEqual([])

    const again = playOn(refusal, journal)
    await eventually(async () => (await stage.committed(groupId, topic))[partition] === RECORDS)
    await again.play.drain()
    expect((await lettersOf(refusal)).map(({ origin }) => origin.offset)).toEqual([5])
  })
})
