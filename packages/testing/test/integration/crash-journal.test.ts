/** Records that take the whole process with them, and what the next process knows of it. */
import { randomUUID } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { Stage } from './stage.js'
import { zkRun } from './zk.js'

let stage: Stage
beforeAll(async () => {
  stage = await Stage.open()
})
afterEach(() => stage.clear())
afterAll(() => stage.close())

const ID = ['--client-id', 'billing-1']

function house(topic: string) {
  const folder = stage.folder()
  const journal = stage.journal()
  const group = randomUUID()
  return {
    folder,
    journal,
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
