/** `ctx.send`: what is written, and when the record that it was sent for is finished. */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { readers } from './stage.js'
import { stage } from './the-stage.js'
import { eventually } from './waiting.js'

const processor = new URL('./processors/forwarder.mjs', import.meta.url)

interface Line {
  type: 'sent' | 'refused'
  key: string
  where?: number
  offset?: number
  code?: string
}

const keys = (count: number) => Array.from({ length: count }, (_, i) => `k${i % 7}`)

async function road(records: readonly { key: string; partition?: number }[]) {
  const [topic, out] = [await stage.topic(2), await stage.topic(3)]
  const produced = await stage.produce(
    topic,
    records.map(({ key, partition = 0 }, i) => ({ key, partition, value: `v${i}`, headers: { h: `h${i}` } })),
  )
  const { path } = stage.journal()
  return {
    ...{ topic, out, produced, path },
    lines: () =>
      readFileSync(path, 'utf8')
        .split('\n')
        .slice(0, -1)
        .map((line): Line => JSON.parse(line)),
  }
}

/** What stands in a topic, by partition and offset. */
async function contents(topic: string) {
  const journal = stage.journal()
  await stage.play({ topic, processorOptions: { journal: journal.path } }, { untilEnd: true }).run
  return journal.done().sort((a, b) => a.partition - b.partition || a.offset - b.offset)
}

test.each(['await', 'ignore', 'sync'])(
  'each record’s output is written once, in the order of its key, by a handler of the kind "%s"',
  async (how) => {
    const { topic, out, path, lines, produced } = await road(keys(200).map((key, i) => ({ key, partition: i % 2 })))
    const processorOptions = { out, journal: path, how }
    const play = stage.play({ topic, concurrency: 8, processor, processorOptions }, { untilEnd: true })
    expect(await play.run).toMatchObject({ processed: 200, failed: 0, committed: 200, threadDeaths: 0 })
    const written = await contents(out)
    expect(written).toHaveLength(200)
    for (const partition of [0, 1]) {
      for (const key of new Set(keys(7))) {
        const of = (list: readonly { key: string | null; value: string | null }[]) =>
          list.filter((one) => one.key === key).map(({ value }) => value)
        const sent = of(produced.filter((one) => one.partition === partition))
        expect(of(written).filter((value) => sent.includes(value))).toEqual(sent)
      }
    }
    // Where the handler was told that it is.
    const places = lines().map(({ where, offset }) => `${where}@${offset}`)
    expect(places.sort()).toEqual(written.map(({ partition, offset }) => `${partition}@${offset}`).sort())
  },
)

test.each(readers)(
  'an output that is refused fails its record, though the handler does not look; %s',
  async (reader) => {
    const { topic, out, path, lines } = await road([{ key: 'a' }, { key: 'b' }])
    const processorOptions = { out, journal: path, how: 'ignore', partition: 99 }
    const retry = { attempts: 2, backoffMs: 1 }
    const play = stage.play({ topic, reader, speedup: 1, processor, processorOptions, retry }, { untilEnd: true })
    expect(await play.run).toMatchObject({ processed: 2, failed: 2 })
    const failures = play.log.all.filter(({ level, fields }) => level === 'error' && 'offset' in fields)
    expect(failures.map(({ fields }) => (fields.err as { code: string }).code)).toEqual([
      'ZK_SEND_FAILED',
      'ZK_SEND_FAILED',
    ])
    // Two attempts of each.
    expect(lines().map(({ type }) => type)).toEqual(Array(4).fill('refused'))
  },
)

test('a drain waits for the outputs of handlers that have ended, and commits', async () => {
  const { topic, out, path } = await road(keys(8).map((key) => ({ key })))
  const play = stage.play({
    ...{ topic, speedup: 1, concurrency: 8, processor, processorOptions: { out, journal: path, how: 'ignore' } },
    additionalProps: { 'linger.ms': 1_500 },
  })
  await eventually(() => (play.work.state()?.threads[0]?.running ?? 0) > 0)
  const summary = await play.drain()
  expect(summary).toMatchObject({ reason: 'drained', blocked: [], failed: 0 })
  expect(summary.committed).toBe(summary.processed)
  expect((await contents(out)).map(({ value }) => value)).toHaveLength(summary.processed)
})

test('past the shutdown deadline a record whose output is not acknowledged is not committed, and is read again', async () => {
  const { topic, out, path } = await road([{ key: 'a' }])
  const settings = { topic, speedup: 1, processor, processorOptions: { out, journal: path, how: 'ignore' } }
  const play = stage.play({
    ...settings,
    ...{ additionalProps: { 'linger.ms': 20_000 }, shutdownTimeoutMs: 300, graceMs: 300 },
  })
  await eventually(() => play.work.state()?.threads[0]?.running === 1)
  expect(await play.drain()).toMatchObject({ reason: 'deadline', processed: 0, committed: 0, blocked: [{ offset: 0 }] })
  const again = stage.play({ ...settings, groupId: play.groupId }, { untilEnd: true })
  expect(await again.run).toMatchObject({ processed: 1, committed: 1 })
  expect((await contents(out)).length).toBeGreaterThanOrEqual(1)
})

test('when a thread dies between a send and its acknowledgement, the record is sent again and nothing is lost', async () => {
  const { topic, out, path } = await road([{ key: 'a' }, { key: 'dies' }, { key: 'dies' }, { key: 'b' }])
  const processorOptions = { out, journal: path, dies: 'dies' }
  const settings = { topic, speedup: 1, processor, processorOptions, additionalProps: { 'linger.ms': 300 } }
  // Where it ran alone it is known to be guilty, and that was one attempt.
  const play = stage.play({ ...settings, retry: { attempts: 2 } }, { untilEnd: true })
  expect(await play.run).toMatchObject({ processed: 4, failed: 0, committed: 4, threadDeaths: 1 })
  const values = (await contents(out)).filter(({ key }) => key === 'dies').map(({ value }) => value)
  expect([...new Set(values)]).toEqual(['v1', 'v2'])
  // The repeat may stand beside the first one; the second record's output follows both.
  expect(values.at(-1)).toBe('v2')
  expect(values.length).toBeLessThanOrEqual(3)
})

test('a work whose handlers send nothing makes no producer', async () => {
  const topic = await stage.topic(1)
  await stage.produce(topic, [{ key: 'a' }])
  const additionalProps = { partitioner: 'no such partitioner' }
  const play = stage.play(
    { topic, processorOptions: { journal: stage.journal().path }, additionalProps },
    { untilEnd: true },
  )
  expect(await play.run).toMatchObject({ processed: 1 })
})
