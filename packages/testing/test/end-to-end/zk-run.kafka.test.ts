import { afterEach, expect, test } from 'vitest'
import { contradictions } from '../../src/ledger/check-ledger.js'
import { scenario } from './scenario.js'

/** What these scenarios prove; progress and window are not in their ledgers. */
const promised = { require: ['I1', 'I2', 'I3', 'I4', 'I5', 'I8'] } as const
const quickly = ['--prop', 'session.timeout.ms=6000', '--prop', 'auto.commit.interval.ms=200']

let story: Awaited<ReturnType<typeof scenario>>
afterEach(() => story.close())

test('four threads finish a topic in order, once, and the commit covers all of it', async () => {
  story = await scenario({ messages: 20_000, keys: 500, zipf: 1, keyless: 0.05, partitions: 12 })
  const zk = story.zk(['--speedup', '4', '--until-end'])
  const events = await zk.ended
  expect(await story.readCommits(zk.pid)).toBe(20_000)

  const verdict = story.verdict(promised)
  expect(contradictions(verdict)).toEqual([])
  expect(verdict).toMatchObject({ ok: true, counts: { produced: 20_000, succeeded: 20_000, deliveries: 20_000 } })
  expect(events.at(-1)).toMatchObject({ event: 'stopped', processed: 20_000, committed: 20_000 })
})

test('after a SIGKILL only what was not committed runs again, in order', async () => {
  story = await scenario({ messages: 6000, keys: 200, partitions: 6 })
  const first = story.zk(['--speedup', '4', ...quickly], { LEDGER_MS: '2' })
  await story.succeeded(2500)
  first.signal('SIGKILL')
  await first.ended
  await story.readCommits(first.pid)

  const second = story.zk(['--speedup', '4', '--until-end', ...quickly])
  await second.ended
  expect(await story.readCommits(second.pid)).toBe(6000)

  const verdict = story.verdict(promised)
  expect(contradictions(verdict)).toEqual([])
  expect(verdict.ok).toBe(true)
  const { duplicates, explainedByDeaths } = verdict.counts
  expect(explainedByDeaths).toBe(duplicates)
})

test('a SIGTERM under load repeats nothing', async () => {
  story = await scenario({ messages: 6000, keys: 200, partitions: 6 })
  const first = story.zk(['--speedup', '2', '--concurrency', '4', ...quickly], { LEDGER_MS: '2' })
  await story.succeeded(1500)
  first.signal('SIGTERM')
  await first.ended
  const covered = await story.readCommits(first.pid)
  expect(covered).toBeLessThan(6000)

  const second = story.zk(['--speedup', '4', '--until-end', ...quickly])
  await second.ended
  expect(await story.readCommits(second.pid)).toBe(6000)

  const verdict = story.verdict({ ...promised, concurrency: 4 })
  expect(contradictions(verdict)).toEqual([])
  expect(verdict).toMatchObject({ ok: true, counts: { duplicates: 0, deliveries: 6000 } })
})

test('a process that joins under load takes over partitions without repeating anything', async () => {
  story = await scenario({ messages: 12_000, keys: 300, partitions: 6 })
  const first = story.zk(['--speedup', '2', ...quickly], { LEDGER_MS: '2' })
  await story.succeeded(1000)
  const second = story.zk(['--speedup', '2', ...quickly], { LEDGER_MS: '2' })
  await story.succeeded(12_000)
  first.signal('SIGTERM')
  await first.ended
  second.signal('SIGTERM')
  await second.ended
  expect(await story.readCommits(second.pid)).toBe(12_000)

  const verdict = story.verdict(promised)
  expect(contradictions(verdict)).toEqual([])
  expect(verdict).toMatchObject({ ok: true, counts: { duplicates: 0, deliveries: 12_000 } })
})
