import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { assignmentLost, commit, committed, storeOffsets } from '../src/index.js'
import type { MockCluster } from '../src/mock-cluster.js'
import { disconnect, Member, startCluster } from './support.js'

let cluster: MockCluster
let topic: string
let names = 0

beforeAll(() => {
  cluster = startCluster()
})

afterAll(() => cluster.close())

beforeEach(() => {
  topic = `offsets-${names++}`
  cluster.createTopic(topic, 2)
})

async function join(config: { [property: string]: unknown } = {}): Promise<Member> {
  const member = await new Member(cluster, topic, { config }).start(topic)
  await member.until(() => member.assignedNow.size === 2)
  return member
}

describe('commit', () => {
  test('stores offset and metadata at the broker', async () => {
    const member = await join()
    await commit(member.consumer, [{ topic, partition: 0, offset: 41, metadata: 'v1:43-50 é☃' }], 5_000)
    expect(
      await committed(
        member.consumer,
        [
          { topic, partition: 0 },
          { topic, partition: 1 },
        ],
        5_000,
      ),
    ).toEqual([
      { topic, partition: 0, offset: 41, metadata: 'v1:43-50 é☃' },
      { topic, partition: 1, offset: null, metadata: null },
    ])
    await member.stop()
  })

  test('calls that overlap take effect in the order they were made', async () => {
    const member = await join()
    const calls = Array.from({ length: 50 }, (_, i) =>
      commit(member.consumer, [{ topic, partition: 0, offset: i, metadata: `${i}` }], 5_000),
    )
    await Promise.all(calls)
    expect(await committed(member.consumer, [{ topic, partition: 0 }], 5_000)).toEqual([
      { topic, partition: 0, offset: 49, metadata: '49' },
    ])
    await member.stop()
  })

  test('rejects with what the broker answered', async () => {
    const member = await join()
    cluster.pushRequestErrors(8, [12]) // offset metadata too large
    await expect(commit(member.consumer, [{ topic, partition: 0, offset: 1 }], 5_000)).rejects.toMatchObject({
      name: 'KafkaError',
      code: 12,
    })
    await member.stop()
  })

  test('rejects with -185 at its deadline while the broker is down, and the main thread goes on meanwhile', async () => {
    const member = await join()
    cluster.setBrokerUp(1, false)
    let turns = 0
    const turning = setInterval(() => turns++, 5)
    const started = performance.now()
    await expect(commit(member.consumer, [{ topic, partition: 0, offset: 7 }], 500)).rejects.toMatchObject({
      code: -185,
    })
    await expect(committed(member.consumer, [{ topic, partition: 0 }], 500)).rejects.toMatchObject({ code: -185 })
    clearInterval(turning)
    expect(performance.now() - started).toBeGreaterThanOrEqual(990)
    expect(turns).toBeGreaterThan(20)
    cluster.setBrokerUp(1, true)
    await member.stop()
  })

  test('rejects when the consumer disconnects before the answer', async () => {
    const member = await join()
    cluster.setBrokerRoundTripTime(1, 1_000)
    const call = commit(member.consumer, [{ topic, partition: 0, offset: 7 }], 30_000)
    const answered = expect(call).rejects.toMatchObject({ code: -172 })
    await disconnect(member.consumer)
    await answered
    cluster.setBrokerRoundTripTime(1, 0)
  })

  test('of nothing does nothing', async () => {
    const member = await join()
    await commit(member.consumer, [], 1)
    expect(await committed(member.consumer, [], 1)).toEqual([])
    storeOffsets(member.consumer, [])
    await member.stop()
  })
})

describe('storeOffsets', () => {
  test('is committed with its metadata by the automatic commit', async () => {
    const member = await join({ 'enable.auto.commit': true, 'auto.commit.interval.ms': 50 })
    storeOffsets(member.consumer, [{ topic, partition: 1, offset: 9, metadata: 'auto' }])
    let found = await committed(member.consumer, [{ topic, partition: 1 }], 5_000)
    while (found[0].offset === null) found = await committed(member.consumer, [{ topic, partition: 1 }], 5_000)
    expect(found).toEqual([{ topic, partition: 1, offset: 9, metadata: 'auto' }])
    await member.stop()
  })

  test('throws for a partition that is not assigned, and stores the others', async () => {
    const member = await join({ 'enable.auto.commit': true, 'auto.commit.interval.ms': 50 })
    const store = () =>
      storeOffsets(member.consumer, [
        { topic, partition: 0, offset: 3 },
        { topic, partition: 99, offset: 3 },
      ])
    expect(store).toThrow(expect.objectContaining({ partitions: [{ topic, partition: 99, code: -172 }] }))
    let found = await committed(member.consumer, [{ topic, partition: 0 }], 5_000)
    while (found[0].offset === null) found = await committed(member.consumer, [{ topic, partition: 0 }], 5_000)
    expect(found[0].offset).toBe(3)
    await member.stop()
  })
})

test('all of them refuse a consumer that is not connected', async () => {
  const member = await join()
  await member.stop()
  const refused = expect.objectContaining({ code: 'ZK_NATIVE_NOT_A_CONSUMER' })
  const one = [{ topic, partition: 0, offset: 1 }]
  await expect(commit(member.consumer, one, 100)).rejects.toEqual(refused)
  await expect(committed(member.consumer, one, 100)).rejects.toEqual(refused)
  expect(() => storeOffsets(member.consumer, one)).toThrow(refused)
  expect(() => assignmentLost(member.consumer)).toThrow(refused)
})
