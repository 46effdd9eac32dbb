import { describe, expect, test } from 'vitest'
import { byKey, byPartition, disorder, places } from './journal.js'
import { type RecordToProduce, readers } from './stage.js'
import { stage } from './the-stage.js'
import { eventually, openGate } from './waiting.js'

/** Of 4 partitions and 18 keys, every tenth record without a key. */
function mixed(count: number): RecordToProduce[] {
  return Array.from({ length: count }, (_, i) => ({
    partition: i % 4,
    key: i % 10 === 9 ? null : `k${(i * 7) % 20}`,
    value: `v${i}`,
  }))
}

const handlers = [
  { name: 'synchronous handlers', ms: undefined },
  { name: 'handlers that wait', ms: 1 },
] as const

describe.each(readers)('%s reader', (reader) => {
  describe.each(handlers)('$name', ({ ms }) => {
    test.each([
      { ordering: 'key', affinity: 'hash', concurrency: 1 },
      { ordering: 'key', affinity: 'hash', concurrency: 16 },
      { ordering: 'key', affinity: 'in-flight', concurrency: 1 },
      { ordering: 'key', affinity: 'in-flight', concurrency: 16 },
      { ordering: 'partition', affinity: 'hash', concurrency: 16 },
      { ordering: 'none', affinity: 'hash', concurrency: 16 },
    ] as const)(
      'every record once, ordering $ordering, affinity $affinity, concurrency $concurrency',
      async ({ ordering, affinity, concurrency }) => {
        const topic = await stage.topic()
        const produced = await stage.produce(topic, mixed(400))
        const journal = stage.journal()
        const processorOptions = { journal: journal.path, ms }
        const settings = { reader, ordering, affinity, concurrency, processorOptions }
        const play = stage.play({ topic, speedup: 3, ...settings }, { untilEnd: true })

        expect(await play.run).toMatchObject({ reason: 'drained', processed: 400, failed: 0, committed: 400 })
        expect(places(journal.starts())).toEqual(places(produced))
        expect(journal.done()).toHaveLength(400)
        const lane = { key: byKey, partition: byPartition, none: () => undefined }[ordering]
        expect(disorder(journal.lines(), lane)).toEqual([])
        expect(await stage.committed(play.groupId, topic)).toEqual([100, 100, 100, 100])
      },
    )
  })

  test('with concurrency 1 a thread is wholly serial, and a key stays on its thread', async () => {
    const topic = await stage.topic()
    await stage.produce(topic, mixed(300))
    const journal = stage.journal()
    const processorOptions = { journal: journal.path, ms: 1 }
    await stage.play({ topic, speedup: 3, reader, processorOptions }, { untilEnd: true }).run

    expect(disorder(journal.lines(), ({ thread }) => `${thread}`).filter((what) => /began while/.test(what))).toEqual(
      [],
    )
    const threads = new Map<string, Set<number>>()
    for (const { key, thread } of journal.starts()) {
      if (key !== null) threads.set(key, (threads.get(key) ?? new Set()).add(thread))
    }
    expect([...threads.values()].map(({ size }) => size)).toEqual(Array(18).fill(1))
    expect(new Set(journal.starts().map(({ thread }) => thread))).toEqual(new Set([0, 1, 2]))
  })

  test('as many handlers run at once as there are threads, though each keeps its own thread busy', async () => {
    const topic = await stage.topic(1)
    await stage.produce(
      topic,
      Array.from({ length: 30 }, (_, i) => ({ key: `k${i}` })),
    )
    const journal = stage.journal()
    const rules = Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`k${i}`, 'spin']))
    const processorOptions = { journal: journal.path, rules }
    stage.play({ topic, speedup: 3, reader, processorOptions })
    // No handler returns to its event loop: nothing but another thread could start a second one.
    await journal.until(() => journal.starts().length === 3)
    expect(new Set(journal.starts().map(({ thread }) => thread))).toEqual(new Set([0, 1, 2]))
  })

  test('keys that wait run beside each other up to the concurrency, and not beyond', async () => {
    const topic = await stage.topic(1)
    await stage.produce(
      topic,
      Array.from({ length: 10 }, (_, i) => ({ key: `k${i}` })),
    )
    const journal = stage.journal()
    const gate = new SharedArrayBuffer(4)
    const rules = Object.fromEntries(Array.from({ length: 10 }, (_, i) => [`k${i}`, 'gate']))
    const processorOptions = { journal: journal.path, rules, gate }
    const play = stage.play({ topic, speedup: 1, concurrency: 4, reader, processorOptions })
    await eventually(() => play.work.state()?.threads[0]?.queued === 6)
    expect(play.work.state()!.threads[0]!.running).toBe(4)
    expect(journal.starts()).toHaveLength(4)
    openGate(gate)
    await journal.untilDone(10)
  })

  // All partitions come to the portable reader in one queue.
  test.skipIf(reader === 'portable')(
    'of two partitions one whose records do not end has half of the window, not more',
    async () => {
      const topic = await stage.topic(2)
      const slow = Array.from({ length: 200 }, (_, i) => `slow-${i}`)
      await stage.produce(topic, [
        ...Array.from({ length: 800 }, (_, i) => ({ partition: i % 2, key: `quick-${i}` })),
        ...slow.map((key) => ({ partition: 0, key })),
        ...Array.from({ length: 2_000 }, (_, i) => ({ partition: 1, key: `late-${i}` })),
      ])
      const journal = stage.journal()
      const gate = new SharedArrayBuffer(4)
      const rules = Object.fromEntries(slow.map((key) => [key, 'gate']))
      const processorOptions = { journal: journal.path, rules, gate, ms: 20 }
      const settings = { windowMessages: 64, concurrency: 64, reader, processorOptions }
      const play = stage.play({ topic, speedup: 1, ...settings }, { untilEnd: true })
      await journal.untilDone(1_600)
      const waiting = journal.starts().filter(({ key }) => key?.startsWith('slow')).length
      // As many as the other may have: were both read alike, it would have all but the other's share of a quarter.
      expect(waiting).toBeGreaterThan(8)
      expect(waiting).toBeLessThanOrEqual(33)
      openGate(gate)
      expect(await play.run).toMatchObject({ processed: 3_000, failed: 0 })
    },
  )

  test('null keys, empty keys, tombstones, empty values and headers arrive as they were written', async () => {
    const topic = await stage.topic(1)
    const headers = { trace: 'abc', twice: ['1', '2'], empty: '' }
    await stage.produce(topic, [
      { key: null, value: 'no key' },
      { key: '', value: 'empty key' },
      { key: 'k', value: null },
      { key: 'k', value: '' },
      { key: 'k', value: 'with headers', headers },
    ])
    const processor = new URL('./processors/anatomist.mjs', import.meta.url)
    const play = stage.play({ topic, reader, processor }, { untilEnd: true })
    expect(await play.run).toMatchObject({ processed: 5, failed: 0 })

    const seen = play.log.all.filter(({ message }) => message === 'seen').sort((a, b) => offset(a) - offset(b))
    expect(seen.map(({ fields }) => fields.key)).toEqual([null, '', 'k', 'k', 'k'])
    expect(seen.map(({ fields }) => fields.value)).toEqual(['no key', 'empty key', null, '', 'with headers'])
    expect(seen.map(({ fields }) => fields.rawValue)).toEqual(['no key', 'empty key', null, '', 'with headers'])
    expect(seen[4]!.fields.headers).toEqual([
      ['trace', 'abc'],
      ['twice', '1'],
      ['twice', '2'],
      ['empty', ''],
    ])
    expect(seen[4]!.fields).toMatchObject({ last: '2', every: ['1', '2'], missing: 'undefined' })
    expect(seen.map(({ fields }) => fields.idempotencyKey)).toEqual([0, 1, 2, 3, 4].map((i) => `${topic}-0-${i}`))
    expect(seen.every(({ fields }) => (fields.timestamp as number) > 1.6e12)).toBe(true)
  })

  test('a topic pattern and a list of topics are read by the same threads', async () => {
    const first = await stage.topic(2)
    const second = await stage.topic(3)
    const produced = [
      ...(await stage.produce(first, [{ key: 'a' }, { key: 'b', partition: 1 }])),
      ...(await stage.produce(second, [{ key: 'a' }, { key: 'b', partition: 2 }])),
    ]
    for (const topics of [[first, second], [`^(${first}|${second})$`]]) {
      const journal = stage.journal()
      await stage.play({ topics, reader, processorOptions: { journal: journal.path } }, { untilEnd: true }).run
      expect(places(journal.done())).toEqual(places(produced))
    }
  })
})

const offset = ({ fields }: { fields: Record<string, unknown> }) => fields.offset as number
