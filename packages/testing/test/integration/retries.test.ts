import { describe, expect, test } from 'vitest'
import { byKey, disorder } from './journal.js'
import { readers } from './stage.js'
import { stage } from './the-stage.js'

describe.each(readers)('%s reader', (reader) => {
  test('a record that is tried again holds up its own key, and no other', async () => {
    const topic = await stage.topic(1)
    const journal = stage.journal()
    const records = Array.from({ length: 60 }, (_, i) => ({ key: i % 20 === 0 ? 'flaky' : `k${i % 7}` }))
    await stage.produce(topic, records)
    const rules = { flaky: { do: 'throw', once: true } }
    const processorOptions = { journal: journal.path, ms: 0, rules }
    const retry = { attempts: 2, backoffMs: 700, jitter: 0 }
    const play = stage.play({ topic, reader, speedup: 1, retry, processorOptions }, { untilEnd: true })
    expect(await play.run).toMatchObject({ processed: 60, failed: 0, committed: 60, threadDeaths: 0 })

    const starts = journal.starts()
    const flaky = starts.filter(({ key }) => key === 'flaky')
    expect(flaky.map(({ offset, attempt }) => [offset, attempt])).toEqual([
      [0, 1],
      [0, 2],
      [20, 1],
      [40, 1],
    ])
    expect(flaky[1]!.at - flaky[0]!.at).toBeGreaterThanOrEqual(690)
    // In the one lane of the one thread.
    const others = starts.filter(({ key }) => key !== 'flaky')
    expect(others.filter(({ at }) => at < flaky[1]!.at)).toHaveLength(others.length)
    const failed = new Set([flaky[0]!.id])
    expect(disorder(journal.lines(), byKey, failed)).toEqual([])
    const warning = play.log.all.find(({ message }) => message?.startsWith('Attempt 1 of 2 failed'))
    expect(warning).toMatchObject({
      level: 'warn',
      fields: { topic, partition: 0, offset: 0, attempt: 1, attempts: 2 },
    })
  })

  test('attempts used up are one failure, of which the last error is told', async () => {
    const topic = await stage.topic(1)
    const journal = stage.journal()
    await stage.produce(topic, [{ key: 'bad' }, { key: 'a' }, { key: 'bad' }])
    const processorOptions = { journal: journal.path, ms: 0, rules: { bad: 'throw' } }
    const retry = { attempts: 3, backoffMs: 5 }
    const play = stage.play({ topic, reader, retry, processorOptions }, { untilEnd: true })
    expect(await play.run).toMatchObject({ processed: 3, failed: 2, committed: 3 })
    const bad = journal.starts().filter(({ key }) => key === 'bad')
    expect(bad.map(({ offset, attempt }) => [offset, attempt])).toEqual(
      [0, 2].flatMap((at) => [1, 2, 3].map((n) => [at, n])),
    )
    expect(play.log.all.filter(({ level }) => level === 'error')).toHaveLength(2)
  })
})

test('what waits for another attempt at a shutdown is left uncommitted, with its key, and the rest is committed', async () => {
  const topic = await stage.topic(1)
  const journal = stage.journal()
  const records = Array.from({ length: 30 }, (_, i) => ({ key: i % 10 === 3 ? 'bad' : `k${i}` }))
  await stage.produce(topic, records)
  const rules = { bad: { do: 'throw', once: true } }
  const settings = { topic, speedup: 1, retry: { attempts: 2, backoffMs: 60_000, maxBackoffMs: 60_000 } }
  const play = stage.play({ ...settings, processorOptions: { journal: journal.path, ms: 0, rules } })
  await journal.untilDone(27)
  const began = performance.now()
  expect(await play.drain()).toMatchObject({ reason: 'drained', processed: 27 })
  expect(performance.now() - began).toBeLessThan(5_000)
  expect(await stage.committed(play.groupId, topic)).toEqual([3])

  const again = stage.play(
    { ...settings, groupId: play.groupId, processorOptions: { journal: journal.path, ms: 0 } },
    { untilEnd: true },
  )
  expect(await again.run).toMatchObject({ processed: 3 })
  const bad = journal.done().filter(({ key }) => key === 'bad')
  expect(bad.map(({ offset }) => offset)).toEqual([3, 13, 23])
})
