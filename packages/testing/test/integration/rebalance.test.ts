import type { WorkEvent, WorkInput } from '@zk/runtime'
import { describe, expect, test } from 'vitest'
import { byKey, disorder, places } from './journal.js'
import { isReal, keyed, type Produced, type RecordToProduce, readers } from './stage.js'
import { stage } from './the-stage.js'
import { eventually, openGate } from './waiting.js'

const PARTITIONS = 4

const onePerPartition = (key: string): RecordToProduce[] =>
  Array.from({ length: PARTITIONS }, (_, partition) => ({ partition, key }))

/**
 * Once a rebalance has begun the embedded broker refuses every commit, which Kafka takes until the members have joined
 * again. So that nothing is repeated can be promised, and is proved, on Kafka only.
 */
const protocols = [
  { assignmentStrategy: 'cooperative-sticky' },
  { assignmentStrategy: 'range' },
  { assignmentStrategy: 'roundrobin' },
  { groupProtocol: 'consumer' },
] as const
const commitsAtRevoke = isReal

describe.each(readers)('%s reader', (reader) => {
  test.runIf(commitsAtRevoke).each<Pick<WorkInput, 'assignmentStrategy' | 'groupProtocol'>>(protocols)(
    '%j: a second member joins and leaves, no loss and no duplicate',
    async (protocol) => {
      const topic = await stage.topic(PARTITIONS)
      const produced: Produced[] = await stage.produce(topic, keyed(800))
      const journal = stage.journal()
      const settings = {
        topic,
        reader,
        ...protocol,
        processorOptions: { journal: journal.path, ms: 1 },
      }
      const first = stage.play(settings)
      await journal.untilDone(50)
      const second = stage.play({ ...settings, groupId: first.groupId })
      await second.change('assigned')
      const before = second.work.state()!.counters.processed
      produced.push(...(await stage.produce(topic, keyed(400))))
      await journal.until(() => second.work.state()!.counters.processed > before + 20)
      const left = await second.drain()
      expect(left).toMatchObject({ reason: 'drained', blocked: [] })
      expect(left.committed).toBe(left.processed)

      produced.push(...(await stage.produce(topic, keyed(200))))
      await journal.untilDone(produced.length)
      expect((await first.drain()).processed + left.processed).toBe(produced.length)
      // Each record started once, in order, whoever had the partition.
      expect(places(journal.starts())).toEqual(places(produced))
      expect(disorder(journal.lines(), byKey)).toEqual([])
      expect(await stage.committed(first.groupId, topic)).toEqual([350, 350, 350, 350])
      expect([first, second].flatMap(({ events }) => oldNews(events.all))).toEqual([])
    },
  )

  test.runIf(commitsAtRevoke)('two topics: a second member joins and leaves, no loss and no duplicate', async () => {
    const topics = [await stage.topic(2), await stage.topic(2)]
    const produce = async (count: number) =>
      (await Promise.all(topics.map((topic) => stage.produce(topic, keyed(count, { partitions: 2 }))))).flat()
    const produced = await produce(400)
    const journal = stage.journal()
    const settings = { topics, reader, processorOptions: { journal: journal.path, ms: 1 } }
    const first = stage.play(settings)
    await journal.untilDone(50)
    const second = stage.play({ ...settings, groupId: first.groupId })
    const { partitions } = await second.change('assigned')
    const before = second.work.state()!.counters.processed
    produced.push(...(await produce(200)))
    await journal.until(() => second.work.state()!.counters.processed > before + 20)
    expect(partitions.length).toBeLessThan(4)
    await second.drain()
    await journal.untilDone(produced.length)
    await first.drain()
    expect(places(journal.starts())).toEqual(places(produced))
    expect(disorder(journal.lines(), byKey)).toEqual([])
    for (const topic of topics) expect(await stage.committed(first.groupId, topic)).toEqual([300, 300])
  })

  test.runIf(commitsAtRevoke)('a revoke waits for running handlers: the new owner begins after them', async () => {
    const topic = await stage.topic(PARTITIONS)
    await stage.produce(topic, [...onePerPartition('gated'), ...onePerPartition('next')])
    const journal = stage.journal()
    const gate = new SharedArrayBuffer(4)
    const processorOptions = { journal: journal.path, ms: 0, rules: { gated: 'gate' }, gate }
    const settings = { topic, reader, speedup: 1, concurrency: 4, ordering: 'partition', processorOptions } as const
    const first = stage.play(settings)
    await journal.until(() => journal.starts().length === PARTITIONS)
    const second = stage.play({ ...settings, groupId: first.groupId })
    await eventually(() => first.work.state()!.partitions.some(({ state }) => state === 'draining'))
    openGate(gate)
    await second.events.until((event) => event.type === 'assigned' && event.partitions.length > 0)
    await journal.untilDone(2 * PARTITIONS)

    expect(first.events.all).toContainEqual(expect.objectContaining({ type: 'revoked', complete: true }))
    expect(journal.starts()).toHaveLength(2 * PARTITIONS)
    expect(disorder(journal.lines(), ({ partition }) => `${partition}`)).toEqual([])
  })

  test('nothing is lost when a second member joins and leaves', async () => {
    const topic = await stage.topic(PARTITIONS)
    const produced = await stage.produce(topic, keyed(400))
    const journal = stage.journal()
    const settings = { topic, reader, processorOptions: { journal: journal.path, ms: 1 } }
    const first = stage.play(settings)
    await journal.untilDone(20)
    const second = stage.play({ ...settings, groupId: first.groupId })
    await second.events.until((event) => event.type === 'assigned' && event.partitions.length > 0)
    produced.push(...(await stage.produce(topic, keyed(100))))
    await second.drain()
    produced.push(...(await stage.produce(topic, keyed(100))))
    const done = () => [...new Set(places(journal.done()))]
    await journal.until(() => done().length === produced.length)
    await first.drain()
    expect(done()).toEqual(places(produced))
    expect(await stage.committed(first.groupId, topic)).toEqual([150, 150, 150, 150])
  })

  test('at the drain deadline ctx.signal aborts, and the next owner runs what was cut', async () => {
    const topic = await stage.topic(PARTITIONS)
    await stage.produce(topic, onePerPartition('stuck'))
    const journal = stage.journal()
    const rules = { stuck: 'hang' }
    const base = { topic, reader, concurrency: 4, drainTimeoutMs: 300 }
    const first = stage.play({ ...base, processorOptions: { journal: journal.path, rules } })
    await journal.until(() => journal.starts().length === PARTITIONS)
    const secondJournal = stage.journal()
    const processorOptions = { journal: secondJournal.path }
    const joins = performance.now()
    const second = stage.play({ ...base, groupId: first.groupId, processorOptions })
    const revoked = await first.events.until(({ type }) => type === 'revoked')
    expect(revoked).toMatchObject({ complete: false })
    // The join and the 300 ms of the drain, not the ten seconds that are its default.
    expect(performance.now() - joins).toBeLessThan(10_000)
    const moved = revoked.type === 'revoked' ? revoked.partitions.length : 0
    expect(moved).toBeGreaterThan(0)
    await secondJournal.untilDone(moved)
    // The handlers of the partitions that moved were told, and only these.
    await journal.until(() => journal.lines().filter(({ type }) => type === 'end').length === moved)
    expect(secondJournal.done().map(({ offset }) => offset)).toEqual(Array(moved).fill(0))
    await second.drain()
  })
})

/** Commits that go back, or of a partition that is not owned at that moment. */
function oldNews(events: readonly WorkEvent[]): string[] {
  const owned = new Map<number, number>()
  const found: string[] = []
  for (const event of events) {
    if (event.type === 'assigned') for (const { partition } of event.partitions) owned.set(partition, -1)
    if (event.type === 'revoked') for (const { partition } of event.partitions) owned.delete(partition)
    if (event.type !== 'committed') continue
    for (const { partition, offset } of event.offsets) {
      const before = owned.get(partition)
      if (before === undefined) found.push(`${partition}@${offset} after its revoke`)
      // The same again tells what is finished above it.
      else if (offset < before) found.push(`${partition}@${offset} after ${before}`)
      owned.set(partition, offset)
    }
  }
  return found
}
