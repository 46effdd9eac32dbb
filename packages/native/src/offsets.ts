import type { KafkaConsumer } from 'node-rdkafka'
import { addon, type Offset, type PartitionAnswer } from './binding.js'
import { clientOf } from './consumer.js'
import { KafkaError } from './errors.js'
import { guardOf } from './guard.js'

export interface OffsetToCommit {
  topic: string
  partition: number
  /** The next offset to read, that is one past the last finished record. */
  offset: number
  /** Kept by the broker beside the offset; at most 4,096 bytes by Kafka's default. */
  metadata?: string
}

export interface CommittedOffset {
  topic: string
  partition: number
  /** `null` when nothing was ever committed. */
  offset: number | null
  /** `null` when there is none; Kafka does not tell an empty one from none. */
  metadata: string | null
}

interface Answer {
  code: number
  partitions: PartitionAnswer[]
}

/**
 * Commits at the broker and waits for its answer, on a thread of its own: neither the main thread nor libuv's pool
 * waits, and the automatic commit is not touched.
 * @throws KafkaError (rejects) with librdkafka's code: −185 when `timeoutMs` passed without an answer (the commit may
 *   still happen), −172 when the consumer closes meanwhile; `partitions` lists those that were refused.
 */
export async function commit(
  consumer: KafkaConsumer,
  offsets: readonly OffsetToCommit[],
  timeoutMs: number,
): Promise<void> {
  if (offsets.length === 0) return
  const answer = await guardOf(clientOf(consumer)).call<Answer>((client, resolve) =>
    addon.commit(client, [...offsets], timeoutMs, (code, partitions) => resolve({ code, partitions })),
  )
  const error = toError('commit', answer)
  if (error !== undefined) throw error
}

/**
 * Asks the group's coordinator for the committed offsets, on a thread of its own.
 * @throws KafkaError (rejects) as `commit`.
 */
export async function committed(
  consumer: KafkaConsumer,
  partitions: readonly { topic: string; partition: number }[],
  timeoutMs: number,
): Promise<CommittedOffset[]> {
  if (partitions.length === 0) return []
  const asked: Offset[] = partitions.map(({ topic, partition }) => ({ topic, partition }))
  const answer = await guardOf(clientOf(consumer)).call<Answer>((client, resolve) =>
    addon.committed(client, asked, timeoutMs, (code, answers) => resolve({ code, partitions: answers })),
  )
  const error = toError('committed', answer)
  if (error !== undefined) throw error
  return answer.partitions.map(({ topic, partition, offset, metadata }) => ({ topic, partition, offset, metadata }))
}

/**
 * Hands offsets and metadata to librdkafka, which commits them automatically every `auto.commit.interval.ms`.
 * @throws KafkaError when any partition was refused (not assigned: −172); the others are stored nevertheless.
 */
export function storeOffsets(consumer: KafkaConsumer, offsets: readonly OffsetToCommit[]): void {
  if (offsets.length === 0) return
  const [code, partitions] = addon.storeOffsets(clientOf(consumer), [...offsets])
  const error = toError('storeOffsets', { code, partitions })
  if (error !== undefined) throw error
}

/**
 * True from the moment the consumer learns that its partitions may belong to others (session timed out, fenced, member
 * unknown) until it has given them up. Ask in the revoke callback: then neither store nor commit. While the consumer
 * disconnects it is false; nothing can be stored or committed then in any case.
 */
export function assignmentLost(consumer: KafkaConsumer): boolean {
  return addon.assignmentLost(clientOf(consumer)) ?? false
}

/**
 * What the group calls this member. In the classic protocol '' until it has joined, and again once its leaving is on the
 * way; with KIP-848 always the same.
 */
export function memberId(consumer: KafkaConsumer): string {
  return addon.memberId(clientOf(consumer)) ?? ''
}

function toError(operation: string, { code, partitions }: Answer): KafkaError | undefined {
  const refused = partitions.filter((answer) => answer.code !== 0)
  const first = code !== 0 ? code : refused[0]?.code
  if (first === undefined) return undefined
  return new KafkaError(
    first,
    `${operation}: ${addon.errorText(first)}`,
    refused.map(({ topic, partition, code: own }) => ({ topic, partition, code: own })),
  )
}
