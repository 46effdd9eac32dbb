/** Sets where a partition is read, in a new epoch. */
import type { TopicPartition } from '@zk/engine'
import type { KafkaConsumer, LibrdKafkaError } from 'node-rdkafka'

const TIMEOUT_MS = 10_000
/** librdkafka's name for where a partition begins. */
export const BEGINNING = -2

export interface Positioning {
  kafka: Pick<KafkaConsumer, 'seek'>
  /** What was read and not handed over yet goes to its epoch. */
  handOver(): void
  /** The position is set: what was read of the partition before is void, and it is assigned anew. */
  restarted(partition: TopicPartition): void
}

/**
 * Call it between two reads, after a `handOver`.
 * @throws LibrdKafkaError
 */
export function setPosition(
  { kafka, handOver, restarted }: Positioning,
  partition: TopicPartition,
  offset: number,
): Promise<void> {
  return new Promise((resolve, reject) => {
    kafka.seek({ ...partition, offset }, TIMEOUT_MS, (error: LibrdKafkaError | null) => {
      if (error) {
        reject(error)
        return
      }
      // In this turn of the event loop: nothing that lies behind the new position has been handed over yet.
      restarted(partition)
      resolve()
    })
    // Nothing is read until it is set; what was read of the old position must not wait for the new epoch.
    handOver()
  })
}
