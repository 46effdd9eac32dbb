import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { assignmentLost } from '../src/index.js'
import type { MockCluster } from '../src/mock-cluster.js'
import { Member, numbered, produce, startCluster } from './support.js'

let cluster: MockCluster

beforeAll(() => {
  cluster = startCluster()
})

afterAll(() => cluster.close())

const upTo = (end: number): number[] => Array.from({ length: end }, (_, i) => i)

test('two members that come and go while reading cover every record once', async () => {
  const topic = 'coverage'
  const [partitions, perPartition] = [6, 4_000]
  cluster.createTopic(topic, partitions)
  const delivered = upTo(partitions).map(() => [] as number[])
  const total = () => delivered.reduce((sum, offsets) => sum + offsets.length, 0)

  // Positions are handed over here and not by commits, which the mock brokers refuse during a rebalance.
  const join = (): Promise<Member> => {
    const member: Member = new Member(cluster, topic, {
      maxRecords: 50,
      startAt: (partition) => delivered[partition].length,
      onRecords: (records) => {
        for (const record of records) delivered[member.slots.get(record.slot)!.partition].push(record.offset)
      },
    })
    return member.start(topic)
  }
  const leave = async (member: Member): Promise<void> => {
    member.reader.close()
    member.drain()
    await member.stop()
  }

  const first = await join()
  await first.until(() => first.assignedNow.size === partitions)
  let next = 0
  const produceMore = async (count: number) => {
    await produce(
      cluster,
      topic,
      numbered(count * partitions, partitions).map((m, i) => ({ ...m, value: `${next + i}` })),
    )
    next += count * partitions
  }

  await produceMore(1_000)
  const second = await join()
  const reading = produceMore(1_000)
  await second.until(() => second.assignedNow.size === partitions / 2)
  await first.until(() => first.assignedNow.size === partitions / 2)
  await reading
  await produceMore(1_000)
  await second.until(() => second.records.length > 100)
  await leave(second)
  await first.until(() => first.assignedNow.size === partitions)
  await produceMore(1_000)
  await first.until(() => total() >= partitions * perPartition)

  for (const offsets of delivered) expect(offsets).toEqual(upTo(perPartition))
  expect([...first.events, ...second.events]).toEqual([])
  await leave(first)
})

test('what retained partitions hold from before a rebalance is dropped, not delivered, and stays bounded', async () => {
  const topic = 'retained'
  const [partitions, perPartition, kept] = [4, 6_000, 1_000]
  cluster.createTopic(topic, partitions)
  await produce(cluster, topic, numbered(partitions * perPartition, partitions))
  const config = { 'queued.min.messages': kept, 'max.partition.fetch.bytes': 1_000 }
  const member = await new Member(cluster, topic, { config, keepReading: false }).start(topic)
  await member.until(() => member.assignedNow.size === partitions)
  // One small read, so that there is a position to return to, and then none: all that follows is fetched ahead.
  member.request(10, 1e6)
  await member.until(() => member.blocks.length === 1)

  const lengths = () => [...member.assignedNow].map((slot) => member.reader.queued(slot))
  const full = async () => {
    await vi.waitFor(() => expect(Math.min(...lengths())).toBeGreaterThanOrEqual(kept), {
      timeout: 10_000,
      interval: 5,
    })
    return Math.max(...lengths())
  }
  const before = await full()
  let most = before
  for (let round = 0; round < 3; round++) {
    const guest = await new Member(cluster, topic, { config }).start(topic)
    await guest.until(() => guest.assignedNow.size === partitions / 2)
    await full()
    most = Math.max(most, ...lengths())
    await guest.stop()
    await member.until(() => member.assignedNow.size === partitions)
    most = Math.max(most, await full())
  }
  // The limit counts what is outdated too: fetching stops at it, whatever fills the queue. A batch of the log may pass
  // it once in each rebalance, and nothing else: markers of the rebalances themselves are one entry each.
  expect(most).toBeLessThanOrEqual(before + 3 * 2 * 500 + 50)

  const retained = [...member.slots].filter(([slot]) => slot < partitions && member.assignedNow.has(slot))
  expect(retained.length).toBeGreaterThan(0)
  const done = () => retained.every(([, { partition }]) => member.offsets(partition).at(-1) === perPartition - 1)
  while (!done()) {
    const blocks = member.blocks.length
    member.request(1_000, 1e6)
    await member.until(() => member.blocks.length > blocks)
  }
  for (const [, { partition }] of retained) expect(member.offsets(partition)).toEqual(upTo(perPartition))
  await member.stop()
})

test('a revoke tells whether the assignment was lost', async () => {
  const topic = 'lost'
  cluster.createTopic(topic, 1)
  await produce(cluster, topic, numbered(10, 1))
  const member = new Member(cluster, topic)
  const lost: boolean[] = []
  member.beforeRevoke = () => {
    lost.push(assignmentLost(member.consumer))
  }
  await member.start(topic)
  await member.until(() => member.records.length === 10)
  expect(assignmentLost(member.consumer)).toBe(false)

  cluster.pushRequestErrors(12, [25]) // the next heartbeat: unknown member
  await member.until(() => lost.length === 1)
  expect(lost).toEqual([true])
  // And it comes back: the partition is attached anew and read from the committed position, here from the start.
  await member.until(() => member.records.length === 20)
  expect(assignmentLost(member.consumer)).toBe(false)
  await member.stop()
})
