import { describe, expect, test } from 'vitest'
import { byKey, disorder, places } from './journal.js'
import { readers } from './stage.js'
import { stage } from './the-stage.js'
import { eventually, openGate } from './waiting.js'

const keyed = (count: number, keys: number) =>
  Array.from({ length: count }, (_, i) => ({ key: `k${i % keys}`, value: `${i}` }))

describe.each(readers)('%s reader', (reader) => {
  test('after a drain under load the commit is what was processed, and the next run does the rest', async () => {
    const topic = await stage.topic(1)
    const produced = await stage.produce(topic, keyed(600, 30))
    const journal = stage.journal()
    const settings = { topic, reader, processorOptions: { journal: journal.path, ms: 2 } }
    const first = stage.play(settings)
    await journal.untilDone(50)
    const summary = await first.drain()

    expect(summary).toMatchObject({ reason: 'drained', blocked: [] })
    expect(summary.processed).toBeLessThan(600)
    expect(summary.committed).toBe(summary.processed)
    expect(journal.starts()).toHaveLength(summary.processed)
    expect(await stage.committed(first.groupId, topic)).toEqual([summary.processed])

    await stage.play({ ...settings, groupId: first.groupId }, { untilEnd: true }).run
    expect(places(journal.starts())).toEqual(places(produced))
    expect(disorder(journal.lines(), byKey)).toEqual([])
  })

  test('commits happen while it runs, and tell what the broker has', async () => {
    const topic = await stage.topic(1)
    await stage.produce(topic, keyed(20, 4))
    const journal = stage.journal()
    const play = stage.play({ topic, reader, processorOptions: { journal: journal.path } })
    await play.events.until((event) => event.type === 'committed' && event.offsets[0]?.offset === 20)

    expect(await stage.committed(play.groupId, topic)).toEqual([20])
    expect(play.work.state()).toMatchObject({
      counters: { processed: 20, committed: 20 },
      partitions: [{ topic, partition: 0, state: 'assigned', watermark: 20, committed: 20, lag: 0, inFlight: 0 }],
    })
  })

  test('a slow record holds the commit below it while later records finish', async () => {
    const topic = await stage.topic(1)
    await stage.produce(topic, [{ key: 'a' }, { key: 'slow' }, ...keyed(50, 5)])
    const journal = stage.journal()
    const gate = new SharedArrayBuffer(4)
    const processorOptions = { journal: journal.path, ms: 0, rules: { slow: 'gate' }, gate }
    const play = stage.play({ topic, reader, concurrency: 8, processorOptions })
    await journal.untilDone(51)
    await play.events.until(({ type }) => type === 'committed')
    await eventually(() => play.work.state()!.counters.processed === 51)
    expect(play.work.state()!.partitions[0]).toMatchObject({ watermark: 1, committed: 1 })
    expect(await stage.committed(play.groupId, topic)).toEqual([1])

    openGate(gate)
    await journal.untilDone(52)
    expect(await play.drain()).toMatchObject({ processed: 52, committed: 52 })
    expect(await stage.committed(play.groupId, topic)).toEqual([52])
  })

  test('an abort commits nothing unfinished', async () => {
    const topic = await stage.topic(1)
    await stage.produce(topic, [{ key: 'a' }, { key: 'b' }, { key: 'stuck' }, { key: 'a' }])
    const journal = stage.journal()
    const processorOptions = { journal: journal.path, ms: 0, rules: { stuck: 'hang-deaf' } }
    const play = stage.play({ topic, reader, concurrency: 4, processorOptions })
    await journal.untilDone(3)
    const summary = await play.abort()

    expect(summary).toMatchObject({ reason: 'aborted', committed: 2 })
    expect(await stage.committed(play.groupId, topic)).toEqual([2])
    const again = stage.journal()
    const rest = { topic, reader, groupId: play.groupId, processorOptions: { journal: again.path } }
    await stage.play(rest, { untilEnd: true }).run
    // Record 3 is finished, and the commit's metadata says so; only the addon can send and read that.
    expect(again.done().map(({ offset }) => offset)).toEqual(reader === 'native' ? [2] : [2, 3])
  })

  test('a record far behind stops the reading of its partition only, and says so', async () => {
    const topic = await stage.topic(2)
    await stage.produce(topic, [{ key: 'slow' }, ...keyed(200, 5)])
    await stage.produce(
      topic,
      keyed(200, 5).map((record) => ({ ...record, partition: 1 })),
    )
    const journal = stage.journal()
    const gate = new SharedArrayBuffer(4)
    const processorOptions = { journal: journal.path, ms: 0, rules: { slow: 'gate' }, gate }
    const play = stage.play({ topic, reader, concurrency: 8, maxUncommittedRecords: 50, processorOptions })
    const doneIn = (partition: number) => journal.done().filter((line) => line.partition === partition).length
    await journal.until(() => doneIn(1) === 200)
    await eventually(() => play.work.state()!.partitions.some(({ partition, paused }) => partition === 0 && paused))

    openGate(gate)
    await journal.until(() => doneIn(0) === 201)
    expect(disorder(journal.lines(), byKey)).toEqual([])
    expect(await play.drain()).toMatchObject({ processed: 401, committed: 401 })
  })
})
