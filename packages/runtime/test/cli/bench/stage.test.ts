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

test('what is paced comes from all of the sample, for it may be sorted by key', async () => {
  const sorted = Array.from({ length: 1_000 }, (_, i) => ({
    key: Buffer.from(i < 500 ? 'first' : 'second'),
    value: Buffer.from('v'),
    headers: [],
  }))
  const large = await open(sorted, 10)
  try {
    await large.pace(1_000, 0.05)
    const paced = await recordsOfTopic(large.pacedTopic, 1_000, { brokers: [large.bootstrapServers!] }, logger)
    const ofSecond = paced.filter(({ key }) => String(key) === 'second')
    // And one more, by which leaders are found.
    expect([paced.length, ofSecond.length]).toEqual([51, 25])
  } finally {
    await large.close()
  }
})
