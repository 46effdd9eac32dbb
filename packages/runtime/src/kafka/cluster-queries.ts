/** What a connected consumer can ask its cluster; nothing here touches the assignment. */
import type { TopicPartition } from '@zk/engine'
import type { KafkaConsumer, LibrdKafkaError, Metadata } from 'node-rdkafka'
import { topicMatcher } from '../config/topic-pattern.js'
import { brokerError } from './broker-errors.js'
import { hasTopic, metadataOf } from './metadata.js'

const TIMEOUT_MS = 10_000

/** Where a partition ends. */
export interface PartitionEnd extends TopicPartition {
  /** One past the last record. */
  readonly end: number
}

export class ClusterQueries {
  readonly #kafka: KafkaConsumer
  readonly #bootstrapServers: readonly string[]

  constructor(kafka: KafkaConsumer, bootstrapServers: readonly string[]) {
    this.#kafka = kafka
    this.#bootstrapServers = bootstrapServers
  }

  /** @returns those of the topics that do not exist */
  async missing(topics: readonly string[]): Promise<string[]> {
    const missing: string[] = []
    for (const topic of topics) if (!(await this.#exists(topic))) missing.push(topic)
    return missing
  }

  /** The partition's end as the last fetch saw it; undefined before the first. */
  highWatermark({ topic, partition }: TopicPartition): number | undefined {
    try {
      const { highOffset } = this.#kafka.getWatermarkOffsets(topic, partition)
      return highOffset >= 0 ? highOffset : undefined
    } catch {
      return undefined
    }
  }

  /** Where the partitions of these topics end now, as far as they hold records. Patterns mean the topics there are. */
  async ends(topics: readonly string[]): Promise<PartitionEnd[]> {
    const isWanted = topicMatcher(topics)
    const { topics: known } = await this.#metadata()
    const partitions = known
      .filter(({ name }) => isWanted(name))
      .flatMap(({ name, partitions }) => partitions.map(({ id }) => ({ topic: name, partition: id })))
    const ends = await Promise.all(partitions.map((partition) => this.end(partition)))
    return ends.filter((end) => end !== undefined)
  }

  /**
   * Where the partition ends now, for those who read as this consumer does: in front of an open transaction.
   * @returns undefined for a partition without records
   * @throws ZkError when its leader does not answer in time, or refuses
   */
  end({ topic, partition }: TopicPartition): Promise<PartitionEnd | undefined> {
    return new Promise((resolve, reject) => {
      this.#kafka.queryWatermarkOffsets(
        topic,
        partition,
        TIMEOUT_MS,
        (error: LibrdKafkaError | null, { lowOffset, highOffset } = { lowOffset: 0, highOffset: 0 }) => {
          if (error) reject(brokerError(this.#bootstrapServers, error))
          else resolve(highOffset > lowOffset ? { topic, partition, end: highOffset } : undefined)
        },
      )
    })
  }

  async #exists(topic: string): Promise<boolean> {
    return hasTopic(await this.#metadata(topic), topic)
  }

  #metadata(topic?: string): Promise<Metadata> {
    const asked = topic === undefined ? {} : { topic }
    return metadataOf(this.#kafka, { ...asked, timeout: TIMEOUT_MS }).catch((error: LibrdKafkaError) => {
      throw brokerError(this.#bootstrapServers, error)
    })
  }
}
