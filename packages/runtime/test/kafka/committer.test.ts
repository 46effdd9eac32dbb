/** Commits to the embedded broker, which refuses partitions that it does not have. */
import * as native from '@zk/native'
import { createMockCluster } from '@zk/native/mock-cluster'
import Kafka, { type KafkaConsumer } from 'node-rdkafka'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Committer, openCommitter } from '../../src/kafka/committer.js'
import { connected, disconnected } from '../../src/kafka/connect.js'

const TIMEOUT_MS = 5_000
const OFFSET_COMMIT = 8
const METADATA_TOO_LARGE = 12
const ILLEGAL_GENERATION = 22
/** So long node-rdkafka waits for a message, and calls back meanwhile. */
const POLL_MS = 10

let cluster: ReturnType<typeof createMockCluster>
beforeAll(() => {
  cluster = createMockCluster({ brokers: 1 })
  cluster.createTopic('orders', 2)
  cluster.createTopic('refunds', 1)
})
afterAll(() => cluster.close())

const at = (topic: string, partition: number, offset: number, finished: readonly number[] = []) => ({
  ...{ topic, partition, offset, finished },
})

describe.each(['native', 'portable'] as const)('%s', (kind) => {
  let consumer: KafkaConsumer
  let committer: Committer
  let closing = false
  beforeAll(async () => {
    const global = { 'bootstrap.servers': cluster.bootstrapServers, 'group.id': kind, offset_commit_cb: true }
    consumer = new Kafka.KafkaConsumer(global, {})
    await connected(consumer, TIMEOUT_MS)
    committer = openCommitter(consumer, kind === 'native' ? native : undefined)
    consumer.setDefaultConsumeTimeout(POLL_MS)
    const poll = () => consumer.consume(1, () => closing || poll())
    poll()
  })
  afterAll(async () => {
    closing = true
    await disconnected(consumer)
  })

  const offsets = async () => {
    const asked = [at('orders', 0, 0), at('orders', 1, 0), at('refunds', 0, 0)]
    return (await committer.committed(asked, TIMEOUT_MS)).map((answer) => answer?.offset)
  }

  /** What is told of points that were taken. */
  const taken = (...points: ReturnType<typeof at>[]) =>
    points.map((point) => ({ ...point, finished: kind === 'native' ? point.finished : undefined }))

  test('a topic that does not exist any more is refused alone: the others are committed', async () => {
    const gone = at('gone', 0, 3)
    const points = [at('orders', 0, 5), gone, at('refunds', 0, 7), at('orders', 1, 4)]
    const others = taken(at('orders', 0, 5), at('orders', 1, 4), at('refunds', 0, 7))
    expect(await committer.commit(points, TIMEOUT_MS)).toEqual(others)
    expect(await offsets()).toEqual([5, 4, 7])
    expect(await committer.commit([gone], TIMEOUT_MS)).toEqual([])
  })

  test('of a topic that has fewer partitions now none is told to be committed: nobody can say which are', async () => {
    const topic = [at('orders', 0, 15), at('orders', 9, 3), at('orders', 1, 14)]
    const other = at('refunds', 0, 17)
    expect(await committer.commit([...topic, other], TIMEOUT_MS)).toEqual(taken(other))
    expect(await offsets()).toEqual([15, 14, 17])
  })

  test('a refusal that is not for the topic is the failure of the commit', async () => {
    cluster.pushRequestErrors(OFFSET_COMMIT, [ILLEGAL_GENERATION])
    await expect(committer.commit([at('orders', 0, 25), at('refunds', 0, 27)], TIMEOUT_MS)).rejects.toMatchObject({
      ...{ code: 'ZK_COMMIT_FAILED', cause: { code: ILLEGAL_GENERATION } },
    })
  })

  test.runIf(kind === 'native')('of more than fits into a commit it tells what the next owner will read', async () => {
    const many = Array.from({ length: 4_000 }, (_, i) => 1_002 + i)
    const [told] = await committer.commit([at('refunds', 0, 1_000, many)], TIMEOUT_MS)
    const [read] = await committer.committed([at('refunds', 0, 0)], TIMEOUT_MS)
    expect(told).toEqual(read)
    expect(told!.finished!.length).toBeGreaterThan(2_000)
    expect(told!.finished!.length).toBeLessThan(many.length)
  })

  test.runIf(kind === 'native')('brokers that take no metadata of that size are sent none any more', async () => {
    const read = async () => (await committer.committed([at('orders', 0, 0)], TIMEOUT_MS))[0]
    const first = at('orders', 0, 30, [33, 34])
    expect(await committer.commit([first], TIMEOUT_MS)).toEqual([first])
    expect(await read()).toEqual(first)
    cluster.pushRequestErrors(OFFSET_COMMIT, [METADATA_TOO_LARGE])
    const without = { topic: 'orders', partition: 0, offset: 31, finished: undefined }
    expect(await committer.commit([at('orders', 0, 31, [33, 34])], TIMEOUT_MS)).toEqual([without])
    expect(await read()).toEqual(at('orders', 0, 31))
    await committer.commit([at('orders', 0, 32, [33, 34])], TIMEOUT_MS)
    expect(await read()).toEqual(at('orders', 0, 32))
  })
})
