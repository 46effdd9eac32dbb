/**
 * Commits with an answer. node-rdkafka's commitSync blocks the main thread for as long as there is no coordinator, so
 * it is never called: the addon commits through a queue of its own, and without the addon the commit callback answers.
 *
 * Only the addon's commits carry metadata.
 */
import { nameOf, type TopicPartition } from '@zk/engine'
import type { KafkaConsumer, LibrdKafkaError } from 'node-rdkafka'
import { errors } from '../errors.js'
import { decodeFinished, encodeFinished } from './commit-metadata.js'
import { ERR_OFFSET_METADATA_TOO_LARGE, TOPIC_REFUSED } from './error-codes.js'
import type { Native } from './open-reader.js'

/** The next offset to read of a partition. */
export interface PartitionOffset extends TopicPartition {
  readonly offset: number
}

/** What a partition's owner has finished: everything below an offset, and ranges above it (see `FinishedRanges`). */
export interface Finished extends PartitionOffset {
  readonly finished: readonly number[]
}

/** What the broker has taken of a commit. */
export interface Committed extends PartitionOffset {
  /**
   * What it was told to be finished above the offset, as flat ranges `[from, to, from, to, …]`: of many the lowest. Undefined
   * where commits carry none: with the portable reader, or to brokers that take no metadata of that size.
   */
  readonly finished: readonly number[] | undefined
}

export interface Committer {
  /**
   * @returns what the broker has taken: all but the topics of which it refused a partition, because it does not exist any more
   *   for instance
   * @throws ZkError ZK_COMMIT_FAILED
   */
  commit(points: readonly Finished[], timeoutMs: number): Promise<readonly Committed[]>
  /** What the group has committed, in the order of the partitions; undefined where nothing. */
  committed(partitions: readonly TopicPartition[], timeoutMs: number): Promise<(Finished | undefined)[]>
  /** Whether the group has already given our partitions to others. The portable binding cannot tell: false. */
  assignmentLost(): boolean
  /** What the group calls this member, '' when it is none. The portable binding cannot tell: undefined. */
  memberId(): string | undefined
}

export function openCommitter(consumer: KafkaConsumer, native: Native | undefined): Committer {
  return native === undefined ? portableCommitter(consumer) : nativeCommitter(consumer, native)
}

function nativeCommitter(consumer: KafkaConsumer, native: Native): Committer {
  /** Brokers may be configured to take less than they do by default. */
  let carriesMetadata = true
  const sendOnce = async (points: readonly Finished[], timeoutMs: number) => {
    const carries = carriesMetadata
    const sent = points.map(({ topic, partition, offset, finished }) => {
      const metadata = carries ? encodeFinished(offset, finished) : ''
      return metadata === '' ? { topic, partition, offset } : { topic, partition, offset, metadata }
    })
    await native.commit(consumer, sent, timeoutMs)
    // Of many ranges not all were sent: what its text says is what the next owner will know.
    return sent.map(({ topic, partition, offset, metadata = null }) => ({
      ...{ topic, partition, offset },
      finished: carries ? (decodeFinished(offset, metadata) ?? []) : undefined,
    }))
  }
  const send: Send = (points, timeoutMs) =>
    sendOnce(points, timeoutMs).catch((error: unknown) => {
      if (!carriesMetadata || !isTooLarge(error)) throw error
      carriesMetadata = false
      return sendOnce(points, timeoutMs)
    })
  return {
    commit: (points, timeoutMs) => commitWith(send, points, timeoutMs),
    async committed(partitions, timeoutMs) {
      return inOrder(partitions, await native.committed(consumer, partitions, timeoutMs))
    },
    assignmentLost: () => native.assignmentLost(consumer),
    memberId: () => native.memberId(consumer),
  }
}

function isTooLarge(error: unknown): boolean {
  return (error as { code?: number }).code === ERR_OFFSET_METADATA_TOO_LARGE
}

function portableCommitter(consumer: KafkaConsumer): Committer {
  const send: Send = (points, timeoutMs) =>
    new Promise((resolve, reject) => {
      const sent = points.map(({ topic, partition, offset }) => ({ topic, partition, offset }))
      const finish = (error?: Error | null) => {
        clearTimeout(timer)
        consumer.off('offset.commit', onCommit)
        if (error) reject(error)
        else resolve(sent.map((one) => ({ ...one, finished: undefined })))
      }
      const onCommit = (error: LibrdKafkaError | null, committed: PartitionOffset[]) => {
        if (covers(committed, points)) finish(error as Error | null)
      }
      const timer = setTimeout(finish, timeoutMs, new Error(`no answer within ${timeoutMs} ms`))
      consumer.on('offset.commit', onCommit)
      try {
        consumer.commit(sent)
      } catch (error) {
        finish(error as Error)
      }
    })
  return {
    commit: (points, timeoutMs) => commitWith(send, points, timeoutMs),
    committed: (partitions, timeoutMs) =>
      new Promise((resolve, reject) => {
        const asked = partitions.map(({ topic, partition }) => ({ topic, partition, offset: 0 }))
        consumer.committed(asked, timeoutMs, (error: LibrdKafkaError | null, answers) =>
          error ? reject(error) : resolve(inOrder(partitions, answers as PartitionOffset[])),
        )
      }),
    assignmentLost: () => false,
    memberId: () => undefined,
  }
}

/** One request. Resolves with all that it said. Rejects with librdkafka's error, also when the broker has taken some of the partitions. */
type Send = (points: readonly Finished[], timeoutMs: number) => Promise<readonly Committed[]>

/**
 * librdkafka 2.12 gives the error of one partition to all others of its commit, which the broker has taken: nobody can tell
 * which it was. What is refused is refused as a topic, so each of several is sent again by itself.
 *
 * @returns what was taken, whole topics
 * @throws ZkError ZK_COMMIT_FAILED
 */
async function commitWith(send: Send, points: readonly Finished[], timeoutMs: number): Promise<readonly Committed[]> {
  const deadline = performance.now() + timeoutMs
  try {
    return await send(points, timeoutMs)
  } catch (error) {
    const { code, message } = error as LibrdKafkaError
    if (!TOPIC_REFUSED.has(code)) throw errors.ZK_COMMIT_FAILED(message, { cause: error })
    const topics = [...new Set(points.map(({ topic }) => topic))]
    if (topics.length === 1) return []
    const leftMs = Math.max(1, deadline - performance.now())
    const ofTopic = (name: string) => points.filter(({ topic }) => topic === name)
    return (await Promise.all(topics.map((topic) => commitWith(send, ofTopic(topic), leftMs)))).flat()
  }
}

/** Answers come in any order; where nothing was committed the offset is missing or null. */
function inOrder(
  partitions: readonly TopicPartition[],
  answers: readonly (TopicPartition & { offset?: number | null; metadata?: string | null })[],
): (Finished | undefined)[] {
  const at = new Map(answers.map((answer) => [nameOf(answer), answer]))
  return partitions.map(({ topic, partition }) => {
    const { offset, metadata } = at.get(nameOf({ topic, partition })) ?? {}
    if (typeof offset !== 'number') return undefined
    return { topic, partition, offset, finished: decodeFinished(offset, metadata ?? null) ?? [] }
  })
}

function covers(committed: readonly PartitionOffset[], wanted: readonly PartitionOffset[]): boolean {
  const at = new Map(committed.map((one) => [nameOf(one), one.offset]))
  return wanted.every((one) => (at.get(nameOf(one)) ?? -1) >= one.offset)
}
