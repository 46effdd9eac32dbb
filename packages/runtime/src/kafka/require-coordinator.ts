/** Whether the group's coordinator answers, before the group is joined. */
import { setTimeout } from 'node:timers/promises'
import type { LibrdKafkaError } from 'node-rdkafka'
import { brokerError } from './broker-errors.js'
import type { Committer } from './committer.js'
import { ERR_UNKNOWN_TOPIC_OR_PART, REFUSED, UNREACHABLE } from './error-codes.js'

const TIMEOUT_MS = 8_000
const RETRY_MS = 200
/** Of a question behind its deadline. */
const MIN_TIMEOUT_MS = 1_000

export interface CoordinatorQuestion {
  committer: Pick<Committer, 'committed'>
  bootstrapServers: readonly string[]
  /** Nobody waits for the answer any more. */
  isClosing(): boolean
}

/**
 * Asks the coordinator for an offset of the topic: a broker that the bootstrap servers name and that cannot be reached
 * from here would otherwise be waited for without end.
 * @throws ZkError when it does not answer in time, or refuses
 */
export async function requireCoordinator(
  { committer, bootstrapServers, isClosing }: CoordinatorQuestion,
  topic: string,
): Promise<void> {
  const deadline = performance.now() + TIMEOUT_MS
  while (!isClosing()) {
    try {
      await committer.committed([{ topic, partition: 0 }], Math.max(MIN_TIMEOUT_MS, deadline - performance.now()))
      return
    } catch (error) {
      const { code } = error as LibrdKafkaError
      if (code === ERR_UNKNOWN_TOPIC_OR_PART) return
      const isLate = performance.now() + RETRY_MS >= deadline
      // Answers such as "loading" are no reason to give up: a coordinator is on its way, as in a new cluster.
      if (REFUSED.has(code) || (isLate && UNREACHABLE.has(code))) throw brokerError(bootstrapServers, error as Error)
      await setTimeout(RETRY_MS)
    }
  }
}
