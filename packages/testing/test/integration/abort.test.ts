/** A run that is aborted in the middle of a failure commits nothing that is not finished, and the next one does the rest. */
import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, expect, test } from 'vitest'
import { byKey, disorder, type Journal, places } from './journal.js'
import { Admins, OLD, refusals } from './refusals.js'
import type { Play, Stage } from './stage.js'
import { stage } from './the-stage.js'

const RECORDS = 40
const BAD = Array.from({ length: RECORDS }, (_, i) => i).filter((i) => i % 10 === 3)

const admins = new Admins()
afterEach(() => admins.close())

interface Scene {
  /** What the handlers of the key `bad` do, in the run that is aborted only. */
  rule?: string
  /** Of that run. */
  settings?: object
  refused?: true
  /** When it is aborted. */
  until(play: Play, journal: Journal): Promise<unknown>
}

const badStarted = (journal: Journal) => journal.until(() => journal.starts().some(({ key }) => key === 'bad'))

const scenes: Record<string, Scene> = {
  'records wait for another attempt': {
    rule: 'throw',
    settings: { retry: { attempts: 3, backoffMs: 60_000, maxBackoffMs: 60_000 } },
    until: (_play, journal) => journal.untilDone(RECORDS - BAD.length),
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
    refused: true,
    until: async (play, journal) => {
      await play.log.until(({ message }) => message.startsWith('The dead letter topic refuses records'))
      await journal.untilDone(RECORDS - BAD.length)
    },
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

test.each(Object.keys(scenes))('while %s', async (name) => {
  const { rule, settings, refused, until } = scenes[name]!
  const refusal = refused && (await Object.values(refusals)[0]!(admins))
  const on: Stage = refusal?.stage ?? stage
  const topic = refusal?.topic ?? (await stage.topic(1))
  const partition = refusal?.partition ?? 0
  const produced = await on.produce(
    topic,
    Array.from({ length: RECORDS }, (_, i) => ({
      ...{ partition, key: BAD.includes(i) ? 'bad' : `k${i % 12}` },
      ...(i > 1 && settings !== undefined && 'processDelayMs' in settings ? {} : { timestamp: OLD }),
    })),
  )
  await refusal?.begin()
  const journal = on.journal()
  const groupId = refusal?.groupId ?? `g-${topic}`
  const all = { topic, groupId, concurrency: 4 }
  const processorOptions = { journal: journal.path, ms: 0, ...(rule === undefined ? {} : { rules: { bad: rule } }) }
  const letters = refusal && { deadLetterTopic: refusal.letters }
  const play = on.play({ ...all, ...settings, ...letters, processorOptions })
  await until(play, journal)
  const since = performance.now()
  const summary = await play.abort()
  expect(performance.now() - since).toBeLessThan(5_000)
  expect(summary.reason).toBe('aborted')

  const done = new Set(journal.done().map(({ offset }) => offset))
  const committed = (await on.committed(groupId, topic))[partition]!
  // Without a dead letter topic a failure for good is an end as well.
  const completed = summary.failed + summary.deadLettered
  const failed = new Set(completed > 0 ? BAD : [])
  const unfinished = produced.map(({ offset }) => offset).filter((offset) => !done.has(offset) && !failed.has(offset))
  expect(committed).toBeLessThanOrEqual(unfinished[0] ?? RECORDS)

  await refusal?.end()
  const from = journal.starts().length
  const before = [...journal.lines()]
  const next = on.play({ ...all, processorOptions: { journal: journal.path, ms: 0 } }, { untilEnd: true })
  expect(await next.run).toMatchObject({ reason: 'drained', failed: 0 })
  expect((await on.committed(groupId, topic))[partition]).toBe(RECORDS)
  const rest = new Set(
    journal
      .starts()
      .slice(from)
      .map(({ offset }) => offset),
  )
  // What had ended well is not repeated, the failures that were ends are not either, and nothing is left out.
  expect([...rest].filter((offset) => done.has(offset))).toEqual([])
  expect(done.size + rest.size + completed).toBe(RECORDS)
  expect(places(journal.done()).length).toBe(RECORDS - completed)
  // Each run by itself: what was not finished is read again.
  const cutShort = new Set(journal.cutShort().map(({ id }) => id))
  expect(disorder(before, byKey, cutShort)).toEqual([])
  expect(disorder(journal.lines().slice(before.length), byKey)).toEqual([])
})
