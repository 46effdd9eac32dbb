/** What tests of reading have in common: a filled topic, and the moments at which something can be said of it. */
import { expect, vi } from 'vitest'
import type { MockCluster } from '../src/mock-cluster.js'
import { type Member, numbered, produce, type unpack } from './support.js'

let names = 0

/** @returns the name of a new topic with so many records, over its partitions in turn */
export async function filledTopic(cluster: MockCluster, count: number, partitions: number, bytes = 0): Promise<string> {
  const topic = `topic-${names++}`
  cluster.createTopic(topic, partitions)
  await produce(cluster, topic, numbered(count, partitions, bytes))
  return topic
}

export const upTo = (end: number, from = 0): number[] => Array.from({ length: end - from }, (_, i) => from + i)

/** Waits for librdkafka to have fetched, which it tells nobody. */
export async function fetched(member: Member, partition: number, count: number): Promise<void> {
  await vi.waitFor(() => expect(member.reader.queued(member.slotOf(partition))).toBeGreaterThanOrEqual(count), {
    timeout: 10_000,
    interval: 5,
  })
}

/** The records of the next block. */
export async function blockOf(member: Member): Promise<ReturnType<typeof unpack>> {
  const before = member.blocks.length
  await member.until(() => member.blocks.length > before)
  return member.records.slice(-member.blocks.at(-1)!)
}
