/** Records that take the whole process with them, and what the next process knows of it. */
import { randomUUID } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { stage } from './the-stage.js'
import { zkRun } from './zk.js'

const ID = ['--client-id', 'billing-1']

function house(topic: string) {
  const folder = stage.folder()
  const journal = stage.journal()
  const group = randomUUID()
  return {
    folder,
    journal,
    group,
    deaths: () => JSON.parse(readFileSync(join(folder, 'billing-1.deaths.json'), 'utf8')).deaths,
    run: (rules: object, args: string[] = []) =>
      zkRun(stage, {
        ...{ topic, group, options: { journal: journal.path, ms: 0, rules } },
        args: ['--crash-journal', folder, ...ID, '--speedup', '2', '--concurrency', '4', '--until-end', ...args],
      }),
  }
}

test('what was running when the process died is known to the next one, and forgotten once it has ended well', async () => {
  const topic = await stage.topic(1)
  await stage.produce(topic, [{ key: 'a' }, { key: 'kills' }, { key: 'b' }])
  const { run, folder, journal, deaths } = house(topic)

  const first = run({ kills: { do: 'abort', once: true } })
  expect((await first.exited).signal).toBe('SIGABRT')
  expect(readdirSync(folder)).toContain('billing-1.running')

  const second = run({})
  expect((await second.exited).code).toBe(0)
  expect(second.stderr()).toMatch(/died while it ran \d records/)
  expect(second.stderr()).toContain(`${topic}[0]@1`)
  expect(new Set(journal.done().map(({ offset }) => offset))).toEqual(new Set([0, 1, 2]))
  expect(readdirSync(folder)).toEqual([])
  expect(deaths).toThrow()
})

test('deaths add up over processes', async () => {
  const topic = await stage.topic(1)
  await stage.produce(topic, [{ key: 'kills' }])
  const { run, deaths } = house(topic)
  for (let i = 0; i < 2; i++) expect((await run({ kills: 'abort' }).exited).signal).toBe('SIGABRT')
  // The third counts what the second was running, and is asked to end before it has read anything.
  const third = run({ kills: 'hang' })
  await third.log.until((line) => line.includes('died while it ran'))
  expect(deaths()).toMatchObject([{ topic, partition: 0, offset: 0, deaths: 2 }])
})

test('a record that has killed the process twice is a dead letter at the third start, and all else is done', async () => {
  const topic = await stage.topic(1)
  const letters = await stage.topic(1)
  const keys = ['a', 'b', 'kills', 'a', 'd', 'c', 'b']
  await stage.produce(
    topic,
    keys.map((key, i) => ({ key, value: `v${i}` })),
  )
  const { run, folder, journal, group } = house(topic)
  const dlt = ['--dlt', letters]
  for (const deaths of [1, 2]) {
    const from = journal.starts().length
    expect((await run({ kills: 'abort' }, dlt).exited).signal).toBe('SIGABRT')
    expect((await stage.deadLetters(letters)).length).toBe(0)
    const ran = journal.starts().slice(from)
    expect(ran.map(({ offset }) => offset)).toContain(2)
    // Known by now to have been running at a death, it runs alone, the last of all that has started.
    if (deaths === 2) expect(ran.at(-1)).toMatchObject({ key: 'kills', offset: 2 })
  }
  // It would still kill.
  const third = run({ kills: 'abort' }, dlt)
  expect((await third.exited).code).toBe(0)
  expect(third.last()).toMatchObject({ event: 'stopped', failed: 0, deadLettered: 1 })
  const [letter, ...others] = await stage.deadLetters(letters)
  expect(others).toEqual([])
  expect(letter).toMatchObject({ key: 'kills', value: 'v2', origin: { topic, partition: 0, offset: 2 } })
  expect(letter).toMatchObject({ cause: 'process-crash' })
  const done = new Set(journal.done().map(({ offset }) => offset))
  expect(done).toEqual(new Set([0, 1, 3, 4, 5, 6]))
  expect(await stage.committed(group, topic)).toEqual([keys.length])
  expect(readdirSync(folder)).toEqual([])
})

test('without a journal it kills every process that reads it', async () => {
  const topic = await stage.topic(1)
  const letters = await stage.topic(1)
  await stage.produce(topic, [{ key: 'kills' }])
  const options = { journal: stage.journal().path, ms: 0, rules: { kills: 'abort' } }
  const where = { topic, group: randomUUID(), options, args: ['--speedup', '1', '--until-end', '--dlt', letters] }
  for (let i = 0; i < 2; i++) expect((await zkRun(stage, where).exited).signal).toBe('SIGABRT')
  expect(await stage.deadLetters(letters)).toEqual([])
})

test('a second process with the same client id is refused while the first lives', async () => {
  const topic = await stage.topic(1)
  await stage.produce(topic, [{ key: 'hangs' }])
  const { run, journal } = house(topic)
  const first = run({ hangs: 'hang' })
  await journal.until(() => journal.starts().length === 1)
  const second = run({})
  expect((await second.exited).code).toBe(1)
  expect(second.stderr()).toContain('ZK_CRASH_JOURNAL_IN_USE')
  expect(second.stderr()).toContain(String(first.pid))
})

test('zk run refuses a journal without a client id: the next process would not find it', async () => {
  const args = ['--crash-journal', stage.folder()]
  const zk = zkRun(stage, { topic: 'any', group: 'any', options: {}, args })
  expect((await zk.exited).code).toBe(1)
  expect(zk.stderr()).toContain('--client-id')
})

test('a run that librdkafka refuses leaves the journal to the next one', async () => {
  const topic = await stage.topic(1)
  const settings = { topic, crashJournal: stage.folder(), clientId: 'billing-1', groupId: randomUUID() }
  const codes: (string | undefined)[] = []
  for (let run = 0; run < 2; run++) {
    const { error } = await stage.play({ ...settings, additionalProps: { 'no.such.property': 1 } }).ended
    codes.push(error?.code)
  }
  expect(codes).toEqual(Array(2).fill('ZK_CONFIG_UNKNOWN_PROPERTY'))
})
