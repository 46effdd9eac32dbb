/** Committed offsets at which there is nothing, or not what there was: nothing is passed over without a word. */
import { describe, expect, test } from 'vitest'
import { isReal, keyed, type Play, readers } from './stage.js'
import { stage } from './the-stage.js'

const RECORDS = 100
const between = (low: number, high: number) => Array.from({ length: high - low }, (_, i) => low + i)

const warned = async (play: Play, topic: string) => {
  const { level, fields, message } = await play.log.until(({ fields }) => 'from' in fields && 'to' in fields)
  expect([level, fields.topic, fields.partition]).toEqual(['warn', topic, 0])
  const { from, to } = fields
  expect(message).toContain(`offset ${from} `)
  expect(message).toContain(` ${to}`)
  return { from, to }
}

/** A group without members has committed an offset below the beginning of the log, or beyond its end. */
const stories = {
  'below the first record': async (group: string) => {
    const topic = await stage.topic(1)
    await stage.produce(topic, keyed(RECORDS, { partitions: 1 }))
    await stage.setCommitted(group, topic, 10)
    return { topic, committed: 10, ...(await stage.dropOldest(topic)) }
  },
  'beyond the end': async (group: string) => {
    const topic = await stage.topic(1)
    await stage.produce(topic, keyed(RECORDS, { partitions: 1 }))
    await stage.setCommitted(group, topic, 1_000)
    return { topic, committed: 1_000, ...(await stage.bounds(topic)) }
  },
}

describe.each(readers)('%s reader', (reader) => {
  describe.each(Object.entries(stories))('a committed offset that lies %s', (_, tell) => {
    test('earliest: reading begins at the first record, and a warning names both offsets', async () => {
      const groupId = stage.groupName()
      const { topic, committed, low, high } = await tell(groupId)
      const journal = stage.journal()
      const play = stage.play({ topic, groupId, reader, processorOptions: { journal: journal.path } })
      expect(await warned(play, topic)).toEqual({ from: committed, to: low })
      await journal.untilDone(high - low)
      expect(offsetsIn(journal)).toEqual(between(low, high))
      await play.drain()
      expect(await stage.committed(groupId, topic)).toEqual([high])
    })

    test('latest: reading begins at the end, and a warning names both offsets before anything is there', async () => {
      const groupId = stage.groupName()
      const { topic, committed, high } = await tell(groupId)
      const journal = stage.journal()
      const settings = { topic, groupId, reader, autoOffsetReset: 'latest' } as const
      const play = stage.play({ ...settings, processorOptions: { journal: journal.path } })
      expect(await warned(play, topic)).toEqual({ from: committed, to: high })
      await stage.produce(topic, [{ key: 'a' }, { key: 'b' }])
      await journal.untilDone(2)
      expect(offsetsIn(journal)).toEqual([high, high + 1])
      await play.drain()
      expect(await stage.committed(groupId, topic)).toEqual([high + 2])
    })

    test('error: the work ends, nothing starts, and the committed offset stays', async () => {
      const groupId = stage.groupName()
      const { topic, committed } = await tell(groupId)
      const journal = stage.journal()
      const settings = { topic, groupId, reader, autoOffsetReset: 'error' } as const
      const play = stage.play({ ...settings, processorOptions: { journal: journal.path } })
      expect((await play.ended).error).toMatchObject({ code: 'ZK_OFFSET_UNAVAILABLE', exitCode: 4 })
      expect(journal.starts()).toEqual([])
      expect(await stage.committed(groupId, topic)).toEqual([committed])
    })
  })
})

// The embedded broker refuses commits of a group that ever had members, and cannot delete a topic.
describe.runIf(isReal)('on a real Kafka', () => {
  test('a group without members that is set back runs again all that lies above', async () => {
    const topic = await stage.topic(1)
    await stage.produce(topic, keyed(RECORDS, { partitions: 1 }))
    const journal = stage.journal()
    const settings = { topic, processorOptions: { journal: journal.path } }
    const first = stage.play(settings)
    await journal.untilDone(RECORDS)
    await first.drain()
    await stage.setCommitted(first.groupId, topic, 40)
    const again = stage.journal()
    const rest = { ...settings, groupId: first.groupId, processorOptions: { journal: again.path } }
    await stage.play(rest, { untilEnd: true }).run
    expect(offsetsIn(again)).toEqual(between(40, RECORDS))
    expect(await stage.committed(first.groupId, topic)).toEqual([RECORDS])
  })

  test('a group with members cannot be set back: the work goes on where it was', async () => {
    const topic = await stage.topic(1)
    await stage.produce(topic, keyed(RECORDS, { partitions: 1 }))
    const journal = stage.journal()
    const play = stage.play({ topic, processorOptions: { journal: journal.path } })
    await journal.untilDone(RECORDS)
    await play.events.until((event) => event.type === 'committed' && event.offsets[0]!.offset === RECORDS)
    await expect(stage.setCommitted(play.groupId, topic, 40)).rejects.toThrow('error 25')
    await stage.produce(topic, [{ key: 'a' }])
    await journal.untilDone(RECORDS + 1)
    await play.drain()
    expect(offsetsIn(journal)).toEqual(between(0, RECORDS + 1))
    expect(await stage.committed(play.groupId, topic)).toEqual([RECORDS + 1])
  })

  test('a shorter topic that took the name while the group had no members is read from its beginning', async () => {
    const topic = await stage.topic(1)
    await stage.produce(topic, keyed(RECORDS, { partitions: 1, value: 'old' }))
    const journal = stage.journal()
    const settings = { topic, processorOptions: { journal: journal.path } }
    const first = stage.play(settings)
    await journal.untilDone(RECORDS)
    await first.drain()
    await stage.replaceTopic(topic, 1)
    await stage.produce(topic, keyed(20, { partitions: 1, value: 'new' }))
    const again = stage.journal()
    const rest = { ...settings, groupId: first.groupId, processorOptions: { journal: again.path } }
    await stage.play(rest, { untilEnd: true }).run
    expect(offsetsIn(again)).toEqual(between(0, 20))
    expect(again.done().every(({ value }) => value === 'new')).toBe(true)
    expect(await stage.committed(first.groupId, topic)).toEqual([20])
  })
})

function offsetsIn(journal: ReturnType<typeof stage.journal>): number[] {
  return journal
    .starts()
    .map(({ offset }) => offset)
    .sort((a, b) => a - b)
}
