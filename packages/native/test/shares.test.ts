/** What each of several partitions has of a read. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { MockCluster } from '../src/mock-cluster.js'
import { blockOf, fetched, filledTopic, upTo } from './reading.js'
import { Member, startCluster } from './support.js'

let cluster: MockCluster

beforeAll(() => {
  cluster = startCluster()
})

afterAll(() => cluster.close())

const topicOf = (count: number, partitions: number, bytes = 0) => filledTopic(cluster, count, partitions, bytes)

test('many ready partitions share a read equally, and take turns to be first', async () => {
  const topic = await topicOf(4_000, 4)
  const member = await new Member(cluster, topic, { keepReading: false }).start(topic)
  await member.until(() => member.assignedNow.size === 4)
  for (const partition of upTo(4)) await fetched(member, partition, 500)

  member.request(100, 1e6)
  const block = await blockOf(member)
  for (const slot of member.assignedNow) expect(block.filter((record) => record.slot === slot)).toHaveLength(25)

  const first = new Set<number>()
  for (let i = 0; i < 4; i++) {
    member.request(1, 1e6)
    first.add((await blockOf(member))[0].slot)
  }
  expect(first.size).toBe(4)
  await member.stop()
})

test('the less is in flight of a partition the more of it is read, until all have as many', async () => {
  const topic = await topicOf(4_000, 4)
  const member = await new Member(cluster, topic, { keepReading: false }).start(topic)
  await member.until(() => member.assignedNow.size === 4)
  for (const partition of upTo(4)) await fetched(member, partition, 500)
  const slots = upTo(4).map((partition) => member.slotOf(partition))
  const read = async (records: number, inFlight: readonly number[]) => {
    const bySlot = new Int32Array(Math.max(...slots) + 1)
    for (const [i, slot] of slots.entries()) bySlot[slot] = inFlight[i]!
    member.reader.request(records, 1e6, undefined, bySlot)
    const block = await blockOf(member)
    return slots.map((slot) => block.filter((record) => record.slot === slot).length)
  }

  // A level of 50 is not reached by whoever has more.
  expect(await read(90, [0, 20, 40, 300])).toEqual([50, 30, 10, 0])
  expect(await read(3, [7, 7, 6, 5])).toEqual([0, 0, 1, 2])
  expect(await read(40, [1_000, 1_000, 1_000, 1_000])).toEqual([10, 10, 10, 10])
  // What is missing of slots that nobody was told about is none.
  member.reader.request(8, 1e6, undefined, new Int32Array(0))
  expect(await blockOf(member)).toHaveLength(8)
  await member.stop()
})

test('of the room that is lent each partition has its share, whatever it has in flight', async () => {
  const topic = await topicOf(1_000, 2, 1_000)
  const member = await new Member(cluster, topic, { keepReading: false }).start(topic)
  await member.until(() => member.assignedNow.size === 2)
  for (const partition of upTo(2)) await fetched(member, partition, 300)
  const [slow, quick] = upTo(2).map((partition) => member.slotOf(partition)) as [number, number]
  const inFlight = new Int32Array(Math.max(slow, quick) + 1)
  inFlight[slow] = 100
  for (let read = 0; read < 4; read++) {
    member.reader.request(1_000, 1e6, new ArrayBuffer(65_536), inFlight)
    const block = await blockOf(member)
    const ofSlow = block.filter((record) => record.slot === slow).length
    expect(block.length).toBeGreaterThan(50)
    expect(block.length).toBeLessThan(66)
    expect(ofSlow / block.length).toBeGreaterThan(0.4)
  }
  await member.stop()
})

test('a partition without records leaves what it would have had to the others, whatever they have in flight', async () => {
  const topic = await topicOf(1_000, 1)
  const member = await new Member(cluster, topic, { keepReading: false }).start(topic)
  await member.until(() => member.assignedNow.size === 1)
  await fetched(member, 0, 100)
  const slot = member.slotOf(0)
  member.reader.request(30, 1e6, undefined, new Int32Array(slot + 1).fill(100_000))
  expect(await blockOf(member)).toHaveLength(30)
  await member.stop()
})
