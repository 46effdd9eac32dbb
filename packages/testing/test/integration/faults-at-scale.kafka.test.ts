/**
 * Every fault of a handler at once, among tens of thousands of records: each has its own outcome, and harms nobody else. On a
 * real Kafka alone, where it takes half a minute: each fault by itself has its test on the embedded broker too.
 */
import { expect, test } from 'vitest'
import { checkLedger, contradictions } from '../../src/ledger/check-ledger.js'
import { byKey, disorder } from './journal.js'
import { ledgerOf } from './journal-ledger.js'
import type { Produced, RecordToProduce } from './stage.js'
import { stage } from './the-stage.js'

const faulty = new URL('./processors/faulty.mjs', import.meta.url)

const RECORDS = 50_000
const KEYS = 500
const PARTITIONS = 4
/** What becomes of the records that bring their thread down, five of each kind. */
const causes = {
  spin: 'timeout',
  hang: 'timeout',
  heap: 'out-of-memory',
  exit: 'exit',
  'throw-outside': 'crash',
} as const
const deadly = Object.keys(causes).flatMap((fault) => Array.from({ length: 5 }, () => fault))

function workload(): RecordToProduce[] {
  const faultAt = new Map(deadly.map((fault, i) => [1_000 + i * 1_901, fault]))
  return Array.from({ length: RECORDS }, (_, i) => {
    // 2 % fail once, 1 % always.
    const value = faultAt.get(i) ?? (i % 50 === 7 ? 'once' : i % 100 === 13 ? 'always' : 'fine')
    const key = i % KEYS
    return { partition: key % PARTITIONS, key: `k${key}`, value }
  })
}

test('what succeeds is done, what fails is a dead letter with its cause, and order per key holds', {
  timeout: 240_000,
}, async () => {
  const topic = await stage.topic(PARTITIONS)
  const letters = await stage.topic(1)
  const produced: Produced[] = []
  const records = workload()
  for (let i = 0; i < RECORDS; i += 10_000) produced.push(...(await stage.produce(topic, records.slice(i, i + 10_000))))
  const journal = stage.journal()
  const play = stage.play(
    {
      ...{ topic, processor: faulty, speedup: 4, concurrency: 8, maxHeapMb: 24 },
      ...{ retry: { attempts: 2, backoffMs: 20 }, processTimeoutMs: 1_000, graceMs: 250, circuitBreaker: false },
      ...{ deadLetterTopic: letters, processorOptions: { journal: journal.path, ms: 1 } },
    },
    { untilEnd: true },
  )
  const summary = await play.run

  const failing = produced.filter(({ value }) => value === 'always' || value! in causes)
  expect(summary).toMatchObject({ reason: 'drained', processed: RECORDS, committed: RECORDS })
  expect(summary).toMatchObject({ failed: 0, deadLettered: failing.length })
  const written = await stage.deadLetters(letters)
  const shown = ({ partition, offset, value }: { partition: number; offset: number; value: string | null }) =>
    `${partition}@${offset} ${value}: ${causes[value as keyof typeof causes] ?? 'error'}`
  const asWritten = written.map(({ origin, value, cause }) => `${origin.partition}@${origin.offset} ${value}: ${cause}`)
  expect(asWritten.sort()).toEqual(failing.map(shown).sort())

  const done = new Set(journal.done().map(({ partition, offset }) => `${partition}@${offset}`))
  const undone = produced.filter(({ partition, offset }) => !done.has(`${partition}@${offset}`))
  expect(undone.map(shown).sort()).toEqual(failing.map(shown).sort())
  const cutShort = new Set(journal.cutShort().map(({ id }) => id))
  expect(disorder(journal.lines(), byKey, cutShort)).toEqual([])
  const { groupId, events } = play
  const ledger = ledgerOf({ groupId, produced, journal: journal.lines(), events, letters: written })
  const verdict = checkLedger(ledger, { concurrency: 8, require: ['I1', 'I2', 'I3', 'I5'] })
  expect(contradictions(verdict)).toEqual([])
  expect(verdict.counts).toMatchObject({ produced: RECORDS, dead: failing.length, succeeded: RECORDS - failing.length })
  // Nobody was taken for dead meanwhile.
  expect(play.events.all.filter(({ type }) => type === 'assigned')).toHaveLength(1)
})
