import type { MockCluster } from '@zk/native/mock-cluster'
import { pino } from 'pino'
import { afterEach, beforeEach, expect, type MockInstance, test, vi } from 'vitest'
import { generatedRecords, type SampleRecord } from '../../../src/cli/bench/sample.js'
import { recordsOfTopic, Stage } from '../../../src/cli/bench/stage.js'

const PRODUCE = 0
const MSG_SIZE_TOO_LARGE = 10

/** The stage's own broker, which it shows to nobody. */
let cluster: MockCluster
let createTopic: MockInstance<MockCluster['createTopic']>
vi.mock('@zk/native/mock-cluster', async (original) => {
  const { createMockCluster } = await original<typeof import('@zk/native/mock-cluster')>()
  return {
    createMockCluster: (...args: Parameters<typeof createMockCluster>) => {
      cluster = createMockCluster(...args)
      createTopic = vi.spyOn(cluster, 'createTopic')
      return cluster
    },
  }
})

const logger = pino({ level: 'silent' })
const open = (records: readonly SampleRecord[], messages: number) =>
  Stage.open({
    ...{ isEmbedded: true, flags: {}, records, messages },
    logger,
    signal: new AbortController().signal,
    onProgress: () => {},
  })

let stage: Stage
beforeEach(async () => {
  stage = await open([{ key: Buffer.from('k'), value: Buffer.from('v'), headers: [] }], 10)
})
afterEach(() => stage.close())

test('records that the paced topic refused are told with its name, and not again to whoever paces next', async () => {
  cluster.pushRequestErrors(PRODUCE, [MSG_SIZE_TOO_LARGE])
  const refused = stage.pace(1_000, 0.05)
  await expect(refused).rejects.toMatchObject({ code: 'ZK_BENCH_TOPIC', details: { topics: [stage.pacedTopic] } })
  await stage.pace(1_000, 0.05)
})

test('the paced topic has as many partitions as the backlog needs: of each one message at a time may run', async () => {
  const large = await open(generatedRecords(1_000, [Buffer.alloc(60_000)]), 1_000)
  try {
    expect(large.partitions).toBeGreaterThan(12)
    expect(createTopic.mock.calls).toEqual([
      [large.topic, large.partitions],
      [large.pacedTopic, large.partitions],
    ])
  } finally {
    await large.close()
  }
})

test('who paces ends those before', async () => {
  const before = stage.pace(10, 60)
  await stage.pace(1_000, 0.05)
  await before
}, 10_000)

test('what is paced comes evenly from all of the sample: it may be sorted, or its values come again', async () => {
  const sample = Array.from({ length: 1_000 }, (_, i) => ({
    key: Buffer.from(String(i)),
    value: Buffer.from('v'),
    headers: [],
  }))
  const large = await open(sample, 10)
  try {
    await large.pace(10_000, 0.08)
    const paced = await recordsOfTopic(large.pacedTopic, 1_000, { brokers: [large.bootstrapServers!] }, logger)
    const places = paced.map(({ key }) => Number(key))
    const ofLastTenth = places.filter((place) => place >= 900)
    const ofEachTenth = places.filter((place) => place % 10 === 9)
    // And one more, by which leaders are found.
    expect(places).toHaveLength(801)
    for (const { length } of [ofLastTenth, ofEachTenth]) expect(Math.abs(length - 80)).toBeLessThan(10)
  } finally {
    await large.close()
  }
})
