/**
 * Commits with an answer. node-rdkafka's commitSync blocks the main thread for as long as there is no coordinator, so
 * it is never called: the addon commits through a queue of its own, and without the addon the commit callback answers.
 */
import type { KafkaConsumer, LibrdKafkaError } from 'node-rdkafka'
import { errors } from '../errors.js'
import type { PartitionOffset } from './consumer.js'

export interface Committer {
  /** @throws ZkError ZK_COMMIT_FAILED */
  commit(offsets: readonly PartitionOffset[], timeoutMs: number): Promise<void>
  /** Whether the group has already given our partitions to others. The portable binding cannot tell: false. */
  assignmentLost(): boolean
}

export async function openCommitter(consumer: KafkaConsumer, kind: 'native' | 'portable'): Promise<Committer> {
  if (kind === 'portable') return portableCommitter(consumer)
  const native = await import('@zk/native')
  return {
    async commit(offsets, timeoutMs) {
      try {
        await native.commit(consumer, [...offsets], timeoutMs)
      } catch (error) {
        throw errors.ZK_COMMIT_FAILED((error as Error).message, { cause: error })
      }
    },
    assignmentLost: () => native.assignmentLost(consumer),
  }
}

function portableCommitter(consumer: KafkaConsumer): Committer {
  return {
    commit: (offsets, timeoutMs) =>
      new Promise((resolve, reject) => {
        const finish = (why: string | undefined) => {
          clearTimeout(timer)
          consumer.off('offset.commit', onCommit)
          if (why === undefined) resolve()
          else reject(errors.ZK_COMMIT_FAILED(why))
        }
        const onCommit = (error: LibrdKafkaError | null, committed: PartitionOffset[]) => {
          if (!covers(committed, offsets)) return
          finish(error ? error.message : undefined)
        }
        const timer = setTimeout(finish, timeoutMs, `no answer within ${timeoutMs} ms`)
        consumer.on('offset.commit', onCommit)
        try {
          consumer.commit([...offsets])
        } catch (error) {
          finish((error as Error).message)
        }
      }),
    assignmentLost: () => false,
  }
}

function covers(committed: readonly PartitionOffset[], wanted: readonly PartitionOffset[]): boolean {
  const at = new Map(committed.map(({ topic, partition, offset }) => [`${topic}/${partition}`, offset]))
  return wanted.every(({ topic, partition, offset }) => (at.get(`${topic}/${partition}`) ?? -1) >= offset)
}
