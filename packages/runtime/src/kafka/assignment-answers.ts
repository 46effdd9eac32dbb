/** Answers to the changes of an assignment, and what librdkafka reads because of them. */
import { nameOf, type TopicPartition } from '@zk/engine'
import type { KafkaConsumer } from 'node-rdkafka'

export type Change = 'assign' | 'unassign'

export type Assigns = Pick<
  KafkaConsumer,
  'assign' | 'unassign' | 'incrementalAssign' | 'incrementalUnassign' | 'isConnected'
>

export class AssignmentAnswers {
  readonly #kafka: Assigns
  readonly #isClosing: () => boolean
  /** What librdkafka was told to read. */
  readonly #owned = new Map<string, TopicPartition>()

  constructor(kafka: Assigns, isClosing: () => boolean) {
    this.#kafka = kafka
    this.#isClosing = isClosing
  }

  /** The partitions that are read. */
  get owned(): readonly TopicPartition[] {
    return [...this.#owned.values()]
  }

  owns(partition: TopicPartition): boolean {
    return this.#owned.has(nameOf(partition))
  }

  /** @returns false when a disconnect overtook the answer, and everything has been given back */
  give(change: Change, partitions: TopicPartition[], incremental: boolean): boolean {
    // Of an assignment that was answered by an empty one nothing can be given back: librdkafka refuses that, and waits on.
    const given = change === 'assign' ? partitions : partitions.filter((partition) => this.owns(partition))
    try {
      if (change === 'assign') {
        if (incremental) this.#kafka.incrementalAssign(given)
        else this.#kafka.assign(given)
      } else if (incremental) this.#kafka.incrementalUnassign(given)
      else this.#kafka.unassign()
    } catch (error) {
      if (this.#kafka.isConnected() && !this.#isClosing()) throw error
      return false
    }
    for (const { topic, partition } of given) {
      const name = nameOf({ topic, partition })
      if (change === 'assign') this.#owned.set(name, { topic, partition })
      else this.#owned.delete(name)
    }
    return true
  }

  /**
   * Of a consumer that closes. An assignment is answered by an empty one: an unassign leaves librdkafka waiting for the
   * assign, and it never closes. Once node-rdkafka disconnects it takes no assign any more, and librdkafka an unassign for
   * it.
   */
  decline(change: Change, partitions: TopicPartition[], incremental: boolean): void {
    if (change === 'assign' && this.give('assign', [], incremental)) return
    this.give('unassign', partitions, incremental)
  }
}
