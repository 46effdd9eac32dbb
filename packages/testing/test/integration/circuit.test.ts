import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { places } from './journal.js'
import { readers, type Stage } from './stage.js'
import { stage } from './the-stage.js'
import { eventually } from './waiting.js'

const faulty = new URL('./processors/faulty.mjs', import.meta.url)
const circuitOf = (play: ReturnType<Stage['play']>) =>
  play.events.all.flatMap((event) => (event.type === 'circuit' ? [`${event.from} to ${event.to}`] : []))

describe.each(readers)('%s reader', (reader) => {
  test('it opens after failures in a row, lets one record through when its time is up, and closes by it', async () => {
    const topic = await stage.topic(1)
    const failing = 6
    const values = Array.from({ length: 20 }, (_, i) => (i < failing ? 'always' : 'fine'))
    await stage.produce(
      topic,
      values.map((value, i) => ({ key: `k${i}`, value })),
    )
    const journal = stage.journal()
    const play = stage.play(
      {
        ...{ topic, reader, speedup: 1, processor: faulty, circuitBreaker: { after: 2, forMs: 500 } },
        processorOptions: { journal: journal.path, ms: 20 },
      },
      { untilEnd: true },
    )
    expect(await play.run).toMatchObject({ processed: 20, failed: failing, committed: 20 })
    // What had started when it opened runs to its end, and counts for nothing.
    const gaps = journal.starts().map(({ at }, i, all) => (i === 0 ? 0 : at - all[i - 1]!.at))
    const probes = gaps.filter((gap) => gap >= 500).length
    expect(probes).toBeGreaterThan(1)
    const reopened = Array.from({ length: probes - 1 }, () => ['open to half-open', 'half-open to open']).flat()
    expect(circuitOf(play)).toEqual(['closed to open', ...reopened, 'open to half-open', 'half-open to closed'])
    // The first that succeeds closes it, and nothing waits any more.
    expect(gaps.slice(failing + 1).every((gap) => gap < 500)).toBe(true)
  })

  test('a probe decides by one attempt, whatever it has left: meanwhile nothing else starts', async () => {
    const topic = await stage.topic(1)
    const journal = stage.journal()
    const play = stage.play({
      ...{ topic, reader, speedup: 1, processor: faulty, circuitBreaker: { after: 1, forMs: 500 } },
      ...{ retry: { attempts: 3, backoffMs: 1 }, processorOptions: { journal: journal.path, ms: 0 } },
    })
    await play.assigned()
    await stage.produce(topic, [{ key: 'first', value: 'always' }])
    await eventually(() => circuitOf(play).length > 0)
    const records = Array.from({ length: 12 }, (_, i) => ({ key: `k${i}`, value: 'always' }))
    await stage.produce(topic, records)
    await eventually(() => circuitOf(play).filter((change) => change === 'half-open to open').length >= 4)
    expect(await play.drain()).toMatchObject({ processed: 1, failed: 1 })
    const probes = journal.starts().slice(3)
    expect(probes.length).toBeGreaterThanOrEqual(4)
    const gaps = probes.slice(1).map(({ at }, i) => at - probes[i]!.at)
    expect(
      gaps.every((gap) => gap >= 500),
      `${gaps}`,
    ).toBe(true)
    // One record after the other loses an attempt, and none fails for good by it.
    expect(new Set(places(probes)).size).toBe(probes.length)
  })

  test('with nothing to read it stays half-open, and the next record decides', async () => {
    const topic = await stage.topic(1)
    const failing = (key: string) => stage.produce(topic, [{ key, value: 'always' }])
    const journal = stage.journal()
    const play = stage.play({
      ...{ topic, reader, speedup: 1, processor: faulty, circuitBreaker: { after: 2, forMs: 300 } },
      processorOptions: { journal: journal.path, ms: 0 },
    })
    await play.assigned()
    await failing('a')
    await failing('b')
    await eventually(() => circuitOf(play).length === 2)
    // Ten ticks and as many idle reads.
    await delay(1_000)
    expect(circuitOf(play)).toEqual(['closed to open', 'open to half-open'])
    await failing('c')
    await eventually(() => circuitOf(play).length > 3)
    expect(circuitOf(play).slice(2, 4)).toEqual(['half-open to open', 'open to half-open'])
    await stage.produce(topic, [{ key: 'd', value: 'fine' }])
    await eventually(() => circuitOf(play).length > 4)
    expect(circuitOf(play).at(-1)).toBe('half-open to closed')
    expect(await play.drain()).toMatchObject({ processed: 4, failed: 3, committed: 4 })
  })

  test('a shutdown while it is open does not wait, and leaves what has not started to the next run', async () => {
    const topic = await stage.topic(2)
    const records = Array.from({ length: 40 }, (_, i) => ({ partition: i % 2, key: `k${i}`, value: 'always' }))
    await stage.produce(topic, records)
    const journal = stage.journal()
    // Long enough for main to hear of two failures before a thread has begun all that it was given.
    const settings = { topic, reader, processor: faulty, processorOptions: { journal: journal.path, ms: 20 } }
    const play = stage.play({ ...settings, circuitBreaker: { after: 2, forMs: 60_000 } })
    await play.events.until(({ type }) => type === 'circuit')
    const before = performance.now()
    const summary = await play.drain()
    expect(performance.now() - before).toBeLessThan(1_000)
    expect(summary.reason).toBe('drained')
    expect(summary.processed).toBeLessThan(40)

    const again = stage.play({ ...settings, groupId: play.groupId, circuitBreaker: false }, { untilEnd: true })
    const rest = await again.run
    expect(rest).toMatchObject({ reason: 'drained', failed: rest.processed })
    expect(await stage.committed(play.groupId, topic)).toEqual([20, 20])
    expect(new Set(places(journal.starts())).size).toBe(40)
    // Without the addon a commit cannot say what is finished above it.
    if (reader === 'native') expect(journal.starts()).toHaveLength(40)
  })

  test('one for each partition: the others go on', async () => {
    const topic = await stage.topic(2)
    const records = Array.from({ length: 60 }, (_, i) => ({
      partition: i % 2,
      key: `k${i}`,
      value: i % 2 === 0 ? 'always' : 'fine',
    }))
    await stage.produce(topic, records)
    const journal = stage.journal()
    const play = stage.play({
      ...{ topic, reader, processor: faulty, circuitBreaker: { after: 3, forMs: 60_000, scope: 'partition' } },
      processorOptions: { journal: journal.path, ms: 10 },
    })
    await journal.untilDone(30)
    await eventually(() => circuitOf(play).length > 0)
    expect(play.events.all.find(({ type }) => type === 'circuit')).toMatchObject({ partition: { topic, partition: 0 } })
    expect(journal.done().every(({ partition }) => partition === 1)).toBe(true)
    // Those that ran beside the third failure may have failed too.
    expect(journal.starts().filter(({ partition }) => partition === 0).length).toBeLessThan(15)
    expect((await play.drain()).reason).toBe('drained')
  })
})
