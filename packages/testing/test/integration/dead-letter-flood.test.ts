/** When nearly everything fails, the fault is hardly in the records: the work stops before it has emptied the topic. */
import { expect, test } from 'vitest'
import { places } from './journal.js'
import { stage } from './the-stage.js'

const faulty = new URL('./processors/faulty.mjs', import.meta.url)

test('too many dead letters stop the work; what is not in the dead letter topic is read again', async () => {
  const topic = await stage.topic(1)
  const letters = await stage.topic(1)
  const records = Array.from({ length: 400 }, (_, i) => ({ key: `k${i}`, value: i < 100 ? 'fine' : 'always' }))
  const produced = await stage.produce(topic, records)
  const journal = stage.journal()
  const deadLetterTopic = { topic: letters, maxDeadLetterRatio: 0.5, ratioWindow: 50 }
  const settings = { topic, processor: faulty, circuitBreaker: false, deadLetterTopic } as const
  const play = stage.play({ ...settings, processorOptions: { journal: journal.path, ms: 1 } })
  const { error } = await play.ended
  expect(error).toMatchObject({ code: 'ZK_DEAD_LETTER_FLOOD', exitCode: 4 })
  const written = (await stage.deadLetters(letters)).map(({ origin }) => origin.offset)
  // Half a window of them, and those that ran beside the last.
  expect(written.length).toBeGreaterThanOrEqual(25)
  expect(written.length).toBeLessThan(100)
  const committed = (await stage.committed(play.groupId, topic))[0]!
  expect(committed).toBeGreaterThanOrEqual(100)
  const there = new Set(written)
  for (let offset = 100; offset < committed; offset++) expect(there).toContain(offset)

  // The fault is mended: nothing is missing.
  const recorder = { topic, groupId: play.groupId, processorOptions: { journal: journal.path, ms: 0 } }
  expect(await stage.play(recorder, { untilEnd: true }).run).toMatchObject({
    failed: 0,
    committed: 300 - written.length,
  })
  const done = new Set([...journal.done().map(({ offset }) => offset), ...written])
  expect(done.size).toBe(400)
  expect(places(produced)).toHaveLength(400)
})
