/**
 * Commits with an answer. node-rdkafka's commitSync blocks the main thread for as long as there is no coordinator, so
 * it is never called: the addon commits through a queue of its own, and without the addon the commit callback answers.
 */
import { nameOf, type TopicPartition } from '@zk/engine'
import type { KafkaConsumer, LibrdKafkaError } from 'node-rdkafka'
import { errors } from '../errors.js'
import type { PartitionOffset } from './consumer.js'
import type { Native } from './open-reader.js'

export interface Committer {
  /** @throws ZkError ZK_COMMIT_FAILED */
  commit(offsets: readonly PartitionOffset[], timeoutMs: number): Promise<void>
  /** What the group has committed, in the order of the partitions; undefined where nothing. */
  committed(partitions: readonly TopicPartition[], timeoutMs: number): Promise<(number | undefined)[]>
  /** Whether the group has already given our partitions to others. The portable binding cannot tell: false. */
  assignmentLost(): boolean
}

export function openCommitter(consumer: KafkaConsumer, native: Native | undefined): Committer {
  return native === undefined ? portableCommitter(consumer) : nativeCommitter(consumer, native)
}

function nativeCommitter(consumer: KafkaConsumer, native: Native): Committer {
  return {
    async commit(offsets, timeoutMs) {
      try {
        await native.commit(consumer, [...offsets], timeoutMs)
      } catch (error) {
        throw errors.ZK_COMMIT_FAILED((error as Error).message, { cause: error })
      }
    },
    async committed(partitions, timeoutMs) {
      return inOrder(partitions, await native.committed(consumer, partitions, timeoutMs))
    },
    assignmentLost: () => native.assignmentLost(consumer),
  }
}

function portableCommitter(consumer: KafkaConsumer): Committer {
  return {
    commit: (offsets, timeoutMs) =>
      new Promise((resolve, reject) => {
        const finish = (error?: Error | null) => {
          clearTimeout(timer)
          consumer.off('offset.commit', onCommit)
          if (error) reject(errors.ZK_COMMIT_FAILED(error.message, { cause: error }))
          else resolve()
        }
        const onCommit = (error: LibrdKafkaError | null, committed: PartitionOffset[]) => {
          if (covers(committed, offsets)) finish(error as Error | null)
        }
        const timer = setTimeout(finish, timeoutMs, new Error(`no answer within ${timeoutMs} ms`))
        consumer.on('offset.commit', onCommit)
        try {
          consumer.commit([...offsets])
        } catch (error) {
          finish(error as Error)
        }
      }),
    committed: (partitions, timeoutMs) =>
      new Promise((resolve, reject) => {
        const asked = partitions.map(({ topic, partition }) => ({ topic, partition, offset: 0 }))
        consumer.committed(asked, timeoutMs, (error: LibrdKafkaError | null, answers) =>
          error ? reject(error) : resolve(inOrder(partitions, answers as PartitionOffset[])),
        )
      }),
    assignmentLost: () => false,
  }
}

/** Answers come in any order; where nothing was committed the offset is missing or null. */
function inOrder(
  partitions: readonly TopicPartition[],
  answers: readonly (TopicPartition & { offset?: number | null })[],
): (number | undefined)[] {
  const at = new Map(answers.map((answer) => [nameOf(answer), answer.offset ?? undefined]))
  return partitions.map((partition) => at.get(nameOf(partition)))
}

function covers(committed: readonly PartitionOffset[], wanted: readonly PartitionOffset[]): boolean {
  const at = new Map(committed.map((one) => [nameOf(one), one.offset]))
  return wanted.every((one) => (at.get(nameOf(one)) ?? -1) >= one.offset)
}
