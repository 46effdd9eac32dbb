/** A process that dies between the acknowledgement of a dead letter and the commit of its offset. */
import { randomUUID } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { places } from './journal.js'
import { quick } from './stage.js'
import { stage } from './the-stage.js'
import { Zk } from './zk.js'

const faulty = new URL('./processors/faulty.mjs', import.meta.url)
const program = fileURLToPath(new URL('./programs/killed-after-letter.mjs', import.meta.url))

test('the next one writes its letter again: at least once, at most twice, and nothing is lost', async () => {
  const topic = await stage.topic(2)
  const letters = await stage.topic(1)
  const group = `g-${randomUUID()}`
  const records = Array.from({ length: 40 }, (_, i) => ({
    ...{ partition: i % 2, key: `k${i % 7}`, value: i % 10 === 5 ? 'always' : 'fine' },
  }))
  const produced = await stage.produce(topic, records)
  const failing = places(produced.filter(({ value }) => value === 'always'))
  const journal = stage.journal()
  const env = { BROKERS: stage.bootstrapServers, TOPIC: topic, GROUP: group, LETTERS: letters, JOURNAL: journal.path }
  const killed = Zk.program(program, { ...env, PROPS: JSON.stringify(quick) })
  stage.alsoEnd(killed)
  expect((await killed.exited).signal).toBe('SIGKILL')
  expect((await stage.deadLetters(letters)).length).toBeGreaterThan(0)
  expect(await stage.committed(group, topic)).toEqual([-1, -1])

  const settings = { topic, groupId: group, processor: faulty, deadLetterTopic: letters, concurrency: 4 }
  const next = stage.play({ ...settings, processorOptions: { journal: journal.path, ms: 0 } }, { untilEnd: true })
  expect(await next.run).toMatchObject({ processed: 40, deadLettered: failing.length, committed: 40 })
  const written = places((await stage.deadLetters(letters)).map(({ origin }) => origin))
  expect([...new Set(written)]).toEqual(failing)
  const times = failing.map((place) => written.filter((one) => one === place).length)
  expect(times.every((count) => count <= 2)).toBe(true)
  expect(Math.max(...times)).toBe(2)
  const done = places(journal.done())
  expect(new Set([...done, ...failing])).toEqual(new Set(places(produced)))
})
