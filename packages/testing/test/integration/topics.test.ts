/** Topics that appear, grow, are replaced, and end in something that no handler sees. */
import { randomUUID } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { byKey, disorder, places } from './journal.js'
import { isReal, keyed, type Play } from './stage.js'
import { stage } from './the-stage.js'
import { eventually, openGate } from './waiting.js'

/** Changes of topics are seen soon; see bad-input.test.ts for why not sooner. */
const refreshing = { 'topic.metadata.refresh.interval.ms': 3000 }

test('a key of one topic does not wait for the same key of another', async () => {
  const topics = [await stage.topic(1), await stage.topic(1)]
  const journal = stage.journal()
  const gate = new SharedArrayBuffer(4)
  await stage.produce(topics[0]!, [{ key: 'gated' }, { key: 'gated' }])
  const processorOptions = { journal: journal.path, rules: { gated: { do: 'gate', once: true } }, gate }
  const play = stage.play({ topics, speedup: 1, concurrency: 2, processorOptions })
  await journal.until(() => journal.starts().length === 1)
  await stage.produce(topics[1]!, [{ key: 'gated' }, { key: 'gated' }])
  await journal.untilDone(2)
  expect(journal.done().map(({ topic }) => topic)).toEqual([topics[1], topics[1]])
  expect(journal.starts().filter(({ topic }) => topic === topics[0])).toHaveLength(1)
  openGate(gate)
  await journal.untilDone(4)
  expect(await play.drain()).toMatchObject({ processed: 4, committed: 4 })
})

// The embedded broker makes topics of the names that it is asked for, and cannot change or delete one.
describe.runIf(isReal)('on a real Kafka', () => {
  test('members that wait for a topic share it when it is there, beside one that another of them reads', async () => {
    const present = await stage.topic(2)
    const later = `later-${randomUUID()}`
    const journal = stage.journal()
    const settings = { waitForTopics: true, additionalProps: refreshing, processorOptions: { journal: journal.path } }
    const first = stage.play({ ...settings, topics: [present, later] })
    const before = await stage.produce(present, keyed(20, { partitions: 2 }))
    await journal.untilDone(20)
    const second = stage.play({ ...settings, topic: later, groupId: first.groupId })
    await eventually(() => second.work.state()?.phase === 'running')
    await stage.topic(4, later)
    const after = [
      ...(await stage.produce(later, keyed(80, { partitions: 4 }))),
      ...(await stage.produce(present, keyed(20, { partitions: 2 }))),
    ]
    await journal.untilDone(120)
    await second.change('assigned')
    const more = await stage.produce(later, keyed(80, { partitions: 4 }))
    await journal.untilDone(200)
    expect(places(journal.starts())).toEqual(places([...before, ...after, ...more]))
    expect(disorder(journal.lines(), byKey)).toEqual([])
    const summaries = [await second.drain(), await first.drain()]
    expect(summaries.map(({ processed }) => processed).every((processed) => processed > 0)).toBe(true)
  })

  test.each(['classic', 'consumer'] as const)(
    '%s: partitions that are added are read, by all members',
    async (groupProtocol) => {
      const topic = await stage.topic(4)
      const produced = await stage.produce(topic, keyed(40, { partitions: 4 }))
      const journal = stage.journal()
      const settings = {
        topic,
        groupProtocol,
        additionalProps: refreshing,
        processorOptions: { journal: journal.path },
      }
      const first = stage.play(settings)
      const second = stage.play({ ...settings, groupId: first.groupId })
      await journal.untilDone(40)
      await stage.grow(topic, 12)
      // Before they are known to anybody: what is in them must not be passed over.
      produced.push(...(await stage.produce(topic, keyed(120, { partitions: 12 }))))
      const owned = (play: Play) => play.work.state()!.partitions.length
      await eventually(() => owned(first) + owned(second) === 12 && owned(first) > 0 && owned(second) > 0)
      produced.push(...(await stage.produce(topic, keyed(120, { partitions: 12 }))))
      await journal.untilDone(produced.length)
      expect(places(journal.starts())).toEqual(places(produced))
      expect(disorder(journal.lines(), byKey)).toEqual([])
      const summaries = [await second.drain(), await first.drain()]
      expect(summaries[0]!.committed + summaries[1]!.committed).toBe(produced.length)
    },
  )

  test.each([
    ['classic', 'fewer', 20],
    ['classic', 'more', 200],
    ['consumer', 'fewer', 20],
    ['consumer', 'more', 200],
  ] as const)(
    '%s: another topic of the same name, with %s records, is read from its beginning',
    async (groupProtocol, _, count) => {
      const topic = await stage.topic(2)
      await stage.produce(topic, keyed(100, { partitions: 2, value: 'old' }))
      const journal = stage.journal()
      const settings = {
        topic,
        groupProtocol,
        additionalProps: refreshing,
        processorOptions: { journal: journal.path },
      }
      const play = stage.play(settings)
      await journal.untilDone(100)
      await play.events.until((event) => event.type === 'committed')
      await stage.replaceTopic(topic, 2)
      const produced = await stage.produce(topic, keyed(count, { partitions: 2, value: 'new' }))
      const done = () => new Set(places(journal.done().filter(({ value }) => value === 'new')))
      await journal.until(() => done().size === count)
      expect([...done()]).toEqual(places(produced))
      // What it had read of the new topic before it noticed is repeated.
      await eventually(async () => (await stage.committed(play.groupId, topic)).every((offset) => offset === count / 2))
    },
  )

  test('a topic that is deleted does not keep the commits of another from being acknowledged', async () => {
    const [kept, deleted] = [await stage.topic(1), await stage.topic(1)]
    const journal = stage.journal()
    const gate = new SharedArrayBuffer(4)
    const processorOptions = { journal: journal.path, ms: 0, rules: { gated: 'gate' }, gate }
    const play = stage.play({ topics: [kept, deleted], concurrency: 4, processorOptions })
    for (const topic of [kept, deleted]) await stage.produce(topic, [{ key: 'gated' }])
    await journal.until(() => journal.starts().length === 2)
    await stage.deleteTopic(deleted)
    openGate(gate)
    await play.log.until(({ message }) => message.startsWith(`The broker refuses commits of ${deleted}[0]`))
    await play.events.until(
      (event) =>
        event.type === 'committed' && event.offsets.some(({ topic, offset }) => topic === kept && offset === 1),
    )
    expect(play.log.all.filter(({ message }) => message.includes(`commits of ${kept}`))).toEqual([])
    expect(await play.drain()).toMatchObject({ processed: 2, committed: 1 })
  })

  test('a partition that ends in what was aborted has no lag left, while it is read and when it is read to its end', async () => {
    const topic = await stage.topic(1)
    const journal = stage.journal()
    const play = stage.play({ topic, processorOptions: { journal: journal.path } })
    await play.assigned()
    const never = Array.from({ length: 30 }, () => ({ key: 'never' }))
    await stage.produceInTransactions(topic, [
      { records: [{ key: 'a' }, { key: 'b' }], outcome: 'commit' },
      { records: never, outcome: 'abort' },
      { records: never, outcome: 'abort' },
    ])
    // 62 records and 3 markers.
    await play.events.until((event) => event.type === 'committed' && event.offsets[0]!.offset === 65)
    expect(play.work.state()!.partitions).toMatchObject([{ watermark: 65, committed: 65, lag: 0 }])
    expect(
      journal
        .starts()
        .map(({ key }) => key)
        .sort(),
    ).toEqual(['a', 'b'])
    const anew = await stage.play({ topic, processorOptions: { journal: journal.path } }, { untilEnd: true }).run
    expect(anew).toMatchObject({ reason: 'drained', processed: 2, committed: 2 })
  })

  test('a compacted topic whose last records are gone is read to its end', async () => {
    const topic = await stage.compactedTopic()
    for (let i = 0; i < 5; i++) await stage.produce(topic, [{ key: 'a', value: `${i}` }])
    await stage.produceInTransactions(topic, [
      { records: [{ key: 'b' }], outcome: 'commit' },
      { records: [{ key: 'b' }, { key: 'c' }], outcome: 'abort' },
    ])
    // 8 records and 2 markers; of the first five one stays, some time.
    for (let processed = 6; processed !== 2; ) {
      const journal = stage.journal()
      const play = stage.play({ topic, processorOptions: { journal: journal.path } }, { untilEnd: true })
      processed = (await play.run).processed
      expect(await stage.committed(play.groupId, topic)).toEqual([10])
    }
  })
})
