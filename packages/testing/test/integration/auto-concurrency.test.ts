import { expect, test } from 'vitest'
import { byKey, disorder, places } from './journal.js'
import { stage } from './the-stage.js'

const pooled = new URL('./processors/pooled.mjs', import.meta.url)
/** More than a thread ever runs at once here. */
const KEYS = 100

/** Where the limit of the first thread stood, each time it was another one. */
function watchLimit(limitOf: () => number | undefined) {
  const limits: number[] = []
  const timer = setInterval(() => {
    const limit = limitOf()
    if (limit !== undefined && limit !== limits.at(-1)) limits.push(limit)
  }, 10)
  return { limits, stop: () => clearInterval(timer) }
}

test("concurrency 'auto' rises to what pays and comes back from what does not; every record runs once, those of a key in order", async () => {
  const count = 4_000
  const topic = await stage.topic()
  const records = Array.from({ length: count }, (_, i) => ({ partition: i % 4, key: `k${(i * 7) % KEYS}` }))
  const produced = await stage.produce(topic, records)
  const journal = stage.journal()
  const processorOptions = { journal: journal.path, places: 4, ms: 4 }
  const play = stage.play(
    { topic, speedup: 2, processor: pooled, processorOptions, concurrency: 'auto', maxConcurrency: 24 },
    { untilEnd: true },
  )
  const { limits, stop } = watchLimit(() => play.work.state()?.threads[0]?.concurrency)
  expect(await play.run).toMatchObject({ reason: 'drained', processed: count, failed: 0, committed: count })
  stop()

  expect(places(journal.starts())).toEqual(places(produced))
  expect(journal.done()).toHaveLength(count)
  expect(disorder(journal.lines(), byKey)).toEqual([])
  expect(limits[0]).toBe(1)
  // Up, and down again.
  expect(Math.max(...limits)).toBeGreaterThanOrEqual(4)
  expect(Math.max(...limits)).toBeLessThanOrEqual(24)
  expect(limits.some((limit, i) => i > 0 && limit < limits[i - 1]!)).toBe(true)
})

test('a line of the log says what was found, and a thread that replaces another has it from its start', async () => {
  const topic = await stage.topic()
  await stage.produce(
    topic,
    Array.from({ length: 3_000 }, (_, i) => ({ partition: i % 4, key: `k${i % KEYS}` })),
  )
  const journal = stage.journal()
  const processorOptions = { journal: journal.path, ms: 5 }
  const play = stage.play({ topic, speedup: 1, processorOptions, concurrency: 'auto', maxConcurrency: 8 })
  const line = await play.log.until(({ message }) => message.startsWith('Concurrency of each thread'))
  expect(line.message).toMatch(
    /^Concurrency of each thread from 1 to \d: handlers take \d+(\.\d)? ms, event loop \d+ % busy, /,
  )
  await play.work.reload()
  expect(play.work.state()!.threads[0]!.concurrency).toBeGreaterThan(1)
})
