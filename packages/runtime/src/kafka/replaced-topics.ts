/**
 * Notices that a topic was deleted and another took its name while it is read. librdkafka 2.12 goes on in the new one at
 * its position in the old one: where the new one is shorter the brokers refuse that, and reading begins anew by itself;
 * where it is longer, all that lies below would be passed over in silence.
 */
import { nameOf, type TopicPartition } from '@zk/engine'
import type { KafkaConsumer } from 'node-rdkafka'
import type { Native } from './open-reader.js'

/** How often to look; less and less often where nobody answers, as librdkafka's own mock brokers do not. */
const LOOK_MS = 5_000
const MAX_LOOK_MS = 300_000
const TIMEOUT_MS = 5_000

/** Where reading stands; undefined before the first record. */
type Positions = Map<string, number | undefined>

export interface ReplacedTopicsOptions {
  kafka: KafkaConsumer
  native: Pick<Native, 'topicIds'>
  /** The partitions that are read. */
  owned(): readonly TopicPartition[]
  /** These belong to another topic than before, and are not read from its beginning. */
  onReplaced(partitions: readonly TopicPartition[]): void
}

export class ReplacedTopics {
  readonly #options: ReplacedTopicsOptions
  readonly #ids = new Map<string, string>()
  /** At the last look. */
  #positions: Positions = new Map()
  /** Names of partitions that could not be set to their beginning. */
  readonly #failed = new Set<string>()
  #timer: NodeJS.Timeout | undefined
  #lookMs = LOOK_MS
  #stopped = false

  constructor(options: ReplacedTopicsOptions) {
    this.#options = options
    this.#lookLater()
  }

  /** A topic may have been replaced while these were not ours. Where they stood then says nothing of where they begin. */
  assigned(partitions: readonly TopicPartition[]): void {
    for (const partition of partitions) this.#positions.delete(nameOf(partition))
    if (this.#lookMs === LOOK_MS) void this.#look()
  }

  /** The partition could not be set to its beginning: it is told of again with the next look, if it is read then. */
  failed(partition: TopicPartition): void {
    this.#failed.add(nameOf(partition))
  }

  stop(): void {
    this.#stopped = true
    clearTimeout(this.#timer)
  }

  #lookLater(): void {
    this.#timer = setTimeout(async () => {
      const answered = await this.#look()
      this.#lookMs = answered ? LOOK_MS : Math.min(2 * this.#lookMs, MAX_LOOK_MS)
      if (!this.#stopped) this.#lookLater()
    }, this.#lookMs)
  }

  /** @returns false when there was no answer */
  async #look(): Promise<boolean> {
    const { kafka, native, owned, onReplaced } = this.#options
    const names = [...new Set(owned().map(({ topic }) => topic))]
    let ids: ReadonlyMap<string, string>
    try {
      ids = await native.topicIds(kafka, names, TIMEOUT_MS)
    } catch {
      return false
    }
    if (this.#stopped) return true
    const replaced = this.#note(ids)
    // What is ours now: what was assigned meanwhile is told of this time or never.
    const isAnew = (partition: TopicPartition) => replaced.has(partition.topic) || this.#failed.has(nameOf(partition))
    const partitions = this.#notSetBack(owned()).filter(isAnew)
    this.#failed.clear()
    if (partitions.length > 0) onReplaced(partitions)
    return true
  }

  /** @returns the names that belong to another topic now */
  #note(ids: ReadonlyMap<string, string>): Set<string> {
    const replaced = new Set<string>()
    for (const [topic, id] of ids) {
      if (this.#ids.has(topic) && this.#ids.get(topic) !== id) replaced.add(topic)
      this.#ids.set(topic, id)
    }
    return replaced
  }

  /** @returns those that do not stand further back than at the last look, as one does that was set back already */
  #notSetBack(partitions: readonly TopicPartition[]): TopicPartition[] {
    const before = this.#positions
    this.#positions = this.#read(partitions)
    return partitions.filter((partition) => {
      const [stood, stands] = [before.get(nameOf(partition)), this.#positions.get(nameOf(partition))]
      return stood === undefined || stands === undefined || stands >= stood
    })
  }

  #read(partitions: readonly TopicPartition[]): Positions {
    try {
      const positions = this.#options.kafka.position([...partitions]) as (TopicPartition & { offset?: number })[]
      return new Map(positions.map((one) => [nameOf(one), one.offset]))
    } catch {
      // Of what is being given back just now.
      return new Map()
    }
  }
}
