import { describe, expect, test } from 'vitest'
import { byKey, disorder, places } from './journal.js'
import { readers } from './stage.js'
import { stage } from './the-stage.js'

const withOneDeadly = Array.from({ length: 300 }, (_, i) => ({
  partition: i % 2,
  key: i === 60 ? 'deadly' : i > 200 && i % 20 === 0 ? 'deadly' : `k${i % 12}`,
}))

describe.each(readers)('%s reader', (reader) => {
  test.each(['exit', 'throw-outside', 'heap'])('%s in a handler: redelivered in order, nothing lost', async (how) => {
    const topic = await stage.topic(2)
    const produced = await stage.produce(topic, withOneDeadly)
    const journal = stage.journal()
    const rules = { deadly: { do: how, once: true } }
    const processorOptions = { journal: journal.path, ms: 1, rules }
    const settings = { topic, reader, concurrency: 4, maxHeapMb: 64, retry: { attempts: 2 }, processorOptions }
    const play = stage.play(settings, { untilEnd: true })

    const summary = await play.run
    expect(summary).toMatchObject({ reason: 'drained', processed: 300, failed: 0, threadDeaths: 1, committed: 300 })
    expect(play.events.all.map(({ type }) => type)).toEqual(expect.arrayContaining(['thread-gone', 'thread-up']))
    const dead = journal.cutShort()
    expect(dead.map(({ key }) => key)).toContain('deadly')
    // What it logged before, but for what waited when V8 ended it.
    const words = play.log.all.filter(({ message }) => message === 'carrying out')
    if (how === 'heap') expect(words.length).toBeGreaterThanOrEqual(16)
    else expect(words).toHaveLength(20)
    expect(
      places([...new Map(journal.done().map((line) => [`${line.partition}.${line.offset}`, line])).values()]),
    ).toEqual(places(produced))
    // Only what the dead thread was running may have run twice.
    expect(journal.starts()).toHaveLength(300 + dead.length)
    expect(disorder(journal.lines(), byKey, new Set(dead.map(({ id }) => id)))).toEqual([])
    expect(await stage.committed(play.groupId, topic)).toEqual([150, 150])
  })

  test('a record that kills every thread is charged each time, and then fails alone', async () => {
    const topic = await stage.topic(1)
    await stage.produce(topic, [{ key: 'a' }, { key: 'b' }, { key: 'deadly' }, { key: 'a' }, { key: 'deadly' }])
    const journal = stage.journal()
    const processorOptions = { journal: journal.path, ms: 0, rules: { deadly: 'exit' } }
    const settings = { topic, reader, speedup: 1, concurrency: 4, retry: { attempts: 2 }, processorOptions }
    const play = stage.play(settings, { untilEnd: true })

    expect(await play.run).toMatchObject({ processed: 5, failed: 2, threadDeaths: 4, committed: 5 })
    const attempts = journal.starts().filter(({ key }) => key === 'deadly')
    expect(attempts.map(({ offset, attempt }) => [offset, attempt])).toEqual([
      [2, 1],
      [2, 2],
      [4, 1],
      [4, 2],
    ])
    const failures = play.log.all.filter(({ level, fields }) => level === 'error' && fields.offset !== undefined)
    expect(failures.map(({ fields }) => [fields.offset, fields.attempt])).toEqual([
      [2, 2],
      [4, 2],
    ])
  })

  test('of several that ran only the one that kills the thread again is charged', async () => {
    const topic = await stage.topic(1)
    const records = [{ key: 'slow1' }, { key: 'slow2' }, { key: 'deadly' }, { key: 'slow3' }, { key: 'slow1' }]
    await stage.produce(topic, records)
    const journal = stage.journal()
    // It dies in a later turn, when nobody can tell whose it was.
    const processorOptions = { journal: journal.path, ms: 20, rules: { deadly: 'throw-outside' } }
    const settings = { topic, reader, speedup: 1, concurrency: 8, processorOptions }
    const play = stage.play(settings, { untilEnd: true })

    expect(await play.run).toMatchObject({ processed: 5, failed: 1, threadDeaths: 2, committed: 5 })
    expect(new Set(journal.done().map(({ key }) => key))).toEqual(new Set(['slow1', 'slow2', 'slow3']))
    expect(new Set(journal.starts().map(({ attempt }) => attempt))).toEqual(new Set([1]))
    expect(disorder(journal.lines(), byKey, new Set(journal.cutShort().map(({ id }) => id)))).toEqual([])
  })

  test('one thread dies again and again while the others go on', async () => {
    const topic = await stage.topic(1)
    const records = Array.from({ length: 200 }, (_, i) => ({ key: i % 50 === 10 ? `d${i}` : `k${i % 20}` }))
    await stage.produce(topic, records)
    const journal = stage.journal()
    const once = { do: 'exit', once: true }
    const rules = { d10: once, d60: once, d110: once, d160: once }
    const processorOptions = { journal: journal.path, ms: 1, rules }
    const settings = { topic, reader, speedup: 4, retry: { attempts: 2 }, processorOptions }
    const summary = await stage.play(settings, { untilEnd: true }).run
    expect(summary).toMatchObject({ processed: 200, failed: 0, threadDeaths: 4, committed: 200 })
    const dead = new Set(journal.cutShort().map(({ id }) => id))
    expect(disorder(journal.lines(), byKey, dead)).toEqual([])
  })
})

test('a thread that dies again and again while it runs nothing stops the work with exit code 4', async () => {
  const topic = await stage.topic(1)
  const processor = new URL('./processors/bad/dies-idle.mjs', import.meta.url)
  const play = stage.play({ topic, processor, speedup: 1 })
  const { error } = await play.ended
  expect(error).toMatchObject({ code: 'ZK_THREAD_CRASH_LOOP', exitCode: 4 })
  expect(play.events.all.filter(({ type }) => type === 'thread-gone')).toHaveLength(3)
  const deaths = play.log.all.filter(({ fields }) => fields.cause === 'crash')
  expect(deaths).toHaveLength(3)
  for (const { fields } of deaths)
    expect(String((fields.err as Error).cause ?? fields.err)).toContain('thrown by nobody')
})
