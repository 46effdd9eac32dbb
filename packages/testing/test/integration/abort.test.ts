/** A run that is aborted in the middle of a failure commits nothing that is not finished, and the next one does the rest. */
import { readdirSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, expect, test } from 'vitest'
import { byKey, disorder, type Journal, places } from './journal.js'
import { Admins, OLD, type Refusal, refusals, smallRecordsOnly } from './refusals.js'
import type { Play, Stage } from './stage.js'
import { stage } from './the-stage.js'
import { eventually } from './waiting.js'

const RECORDS = 40
const isBad = (i: number) => i % 10 === 3
const BAD = RECORDS / 10

const admins = new Admins()
afterEach(() => admins.close())

interface Scene {
  /** What the handlers of the key `bad` do, in the run that is aborted only. */
  rule?: string
  /** Of that run. */
  settings?: object
  /** Of both runs. @param folder an empty one */
  lasting?(folder: string): { crashJournal: string; clientId: string }
  /** Where dead letters go; default: nowhere. */
  letters?: (admins: Admins) => Promise<Refusal>
  deadLetterTopic?: object
  records?: number
  /** Of the key `bad`; default: 'x'. */
  value?: string
  /** When it is aborted. */
  until(play: Play, journal: Journal): Promise<unknown>
  /** The work ends with this code of its own, abort or not. */
  code?: string
  /** Between the runs. */
  between?(folder: string): void
}

const badStarted = (journal: Journal) => journal.until(() => journal.starts().some(({ key }) => key === 'bad'))

const scenes: Record<string, Scene> = {
  'records wait for another attempt': {
    rule: 'throw',
    settings: { retry: { attempts: 3, backoffMs: 60_000, maxBackoffMs: 60_000 } },
    until: (_play, journal) => journal.untilDone(RECORDS - BAD),
  },
  'a handler spins within its deadline': {
    rule: 'spin',
    until: (_play, journal) => badStarted(journal),
  },
  'a handler ignores its deadline, in its grace': {
    rule: 'hang-deaf',
    settings: { processTimeoutMs: 200, graceMs: 3_000, concurrency: 8 },
    until: async (_play, journal) => {
      await badStarted(journal)
      await delay(500)
    },
  },
  'a thread that has died is being replaced': {
    rule: 'exit',
    settings: { retry: { attempts: 5 } },
    until: (play) => play.events.until(({ type }) => type === 'thread-gone'),
  },
  'the dead letter topic refuses': {
    rule: 'throw',
    letters: Object.values(refusals)[0]!,
    until: async (play, journal) => {
      await play.log.until(({ message }) => message.startsWith('The dead letter topic refuses records'))
      await journal.untilDone(RECORDS - BAD)
    },
  },
  'a dead letter is found too large': {
    rule: 'throw',
    // Refused are the first in its batch, then that one alone and those behind it in theirs.
    letters: (admins) => smallRecordsOnly(admins, 3),
    value: 'x'.repeat(50_000),
    until: (play) =>
      play.log.until(({ message }) => message.startsWith('The dead letter topic does not take so large')),
  },
  'a flood of dead letters stops the work': {
    rule: 'throw',
    letters: takesAll,
    deadLetterTopic: { maxDeadLetterRatio: 0.05, ratioWindow: 100 },
    records: 400,
    until: (play) => eventually(() => play.work.state()?.phase === 'draining'),
    code: 'ZK_DEAD_LETTER_FLOOD',
  },
  'the crash journal has what runs': {
    rule: 'hang-deaf',
    settings: { concurrency: 8 },
    lasting: (folder) => ({ crashJournal: folder, clientId: 'billing-1' }),
    until: (_play, journal) => badStarted(journal),
    // The process has not died, and nothing is to run alone after that.
    between: (folder) => expect(readdirSync(folder)).toEqual([]),
  },
  'outputs are on their way': {
    rule: 'send',
    settings: { additionalProps: { 'linger.ms': 20_000 } },
    // Those behind the one that waits for its output are of its key.
    until: (_play, journal) => journal.untilDone(RECORDS - BAD),
  },
  'the circuit is open': {
    rule: 'throw',
    settings: { circuitBreaker: { after: 1, forMs: 60_000 }, concurrency: 1 },
    until: (play) => play.events.until(({ type }) => type === 'circuit'),
  },
  'records are not due': {
    settings: { processDelayMs: 60_000 },
    // Those in front of the first one that is not due, in either partition.
    until: (_play, journal) => journal.untilDone(2),
  },
}

async function takesAll(): Promise<Refusal> {
  const topic = await stage.topic(1)
  return {
    ...{ stage, topic, partition: 0, letters: await stage.topic(1), groupId: `g-${topic}` },
    begin: async () => {},
    end: async () => {},
  }
}

test.each(Object.keys(scenes))('while %s', async (name) => {
  const { rule, settings, lasting, letters, deadLetterTopic, until, code, between, value = 'x' } = scenes[name]!
  const count = scenes[name]!.records ?? RECORDS
  const refusal = await letters?.(admins)
  const on: Stage = refusal?.stage ?? stage
  const topic = refusal?.topic ?? (await stage.topic(1))
  const partition = refusal?.partition ?? 0
  const produced = await on.produce(
    topic,
    Array.from({ length: count }, (_, i) => ({
      ...{ partition, key: isBad(i) ? 'bad' : `k${i % 12}`, value: isBad(i) ? value : 'x' },
      ...(i > 1 && settings !== undefined && 'processDelayMs' in settings ? {} : { timestamp: OLD }),
    })),
  )
  await refusal?.begin()
  const journal = on.journal()
  const folder = on.folder()
  const groupId = refusal?.groupId ?? `g-${topic}`
  const all = { topic, groupId, concurrency: 4, ...lasting?.(folder) }
  const rules = rule === undefined ? {} : { rules: { bad: rule } }
  const out = rule === 'send' ? { out: await on.topic(1) } : {}
  const dead = refusal && { deadLetterTopic: { topic: refusal.letters, ...deadLetterTopic } }
  const processorOptions = { journal: journal.path, ms: 0, ...rules, ...out }
  const play = on.play({ ...all, ...settings, ...dead, processorOptions })
  await until(play, journal)
  const since = performance.now()
  void play.abort().catch(() => {})
  const { summary, error } = await play.ended
  expect(performance.now() - since).toBeLessThan(5_000)
  expect(error?.code ?? summary?.reason).toBe(code ?? 'aborted')

  const done = new Set(journal.done().map(({ offset }) => offset))
  const committed = (await on.committed(groupId, topic))[partition]!
  // Without a dead letter topic a failure for good is an end as well.
  const { failed, deadLettered } = play.work.state()!.counters
  const completed = failed + deadLettered
  const written = refusal && (await on.deadLetters(refusal.letters)).flatMap((one) => one.origin.offset)
  const ended = new Set(
    written ?? (completed > 0 ? produced.filter((_, i) => isBad(i)).map(({ offset }) => offset) : []),
  )
  const unfinished = produced.map(({ offset }) => offset).filter((offset) => !done.has(offset) && !ended.has(offset))
  expect(committed).toBeLessThanOrEqual(unfinished[0] ?? count)
  between?.(folder)

  await refusal?.end()
  const from = journal.starts().length
  const before = [...journal.lines()]
  const next = on.play({ ...all, processorOptions: { journal: journal.path, ms: 0 } }, { untilEnd: true })
  expect(await next.run).toMatchObject({ reason: 'drained', failed: 0 })
  expect((await on.committed(groupId, topic))[partition]).toBe(count)
  const rest = new Set(
    journal
      .starts()
      .slice(from)
      .map(({ offset }) => offset),
  )
  // What had ended well is not repeated, the failures that were ends are not either, and nothing is left out.
  expect([...rest].filter((offset) => done.has(offset))).toEqual([])
  expect(done.size + rest.size + completed).toBe(count)
  expect(places(journal.done()).length).toBe(count - completed)
  // Each run by itself: what was not finished is read again.
  const cutShort = new Set(journal.cutShort().map(({ id }) => id))
  expect(disorder(before, byKey, cutShort)).toEqual([])
  const after = journal.lines().slice(before.length)
  expect(disorder(after, byKey)).toEqual([])
  // Nothing of the run that was aborted still runs.
  expect(after.filter(({ type }) => type === 'beat')).toEqual([])
})
