/** Topics in memory: what was written, in order, and what groups have committed. Whoever waits is woken by a change, not by time. */
import { keyHash } from '@zk/engine'
import type { RecordToSend } from '@zk/runtime/internal/fake-client'

/** A record as a topic holds it. */
export interface TopicRecord {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  /** Milliseconds since 1970. */
  readonly timestamp: number
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: readonly (readonly [name: string, value: Buffer | null])[]
  /** Whether the code under test wrote it; false for one that the test fed. */
  readonly isWritten: boolean
}

/** What a group has committed of a partition. */
export interface GroupPosition {
  /** The next offset to read. */
  readonly offset: number
  /** Finished above it, as flat ranges. */
  readonly finished: readonly number[]
}

/** Why writes to a topic fail. */
export interface Refusal {
  readonly message: string
  /** librdkafka's. */
  readonly code: number
}

export class FakeTopics {
  readonly #defaultPartitions: number
  readonly #topics = new Map<string, TopicRecord[][]>()
  readonly #groups = new Map<string, GroupPosition>()
  readonly #refusals = new Map<string, Refusal>()
  readonly #watchers = new Set<() => void>()
  #waiters: (() => void)[] = []
  #nextPartition = 0
  #isDue = false

  constructor(defaultPartitions: number) {
    this.#defaultPartitions = defaultPartitions
  }

  get names(): string[] {
    return [...this.#topics.keys()]
  }

  /** One that is there keeps its partitions. */
  create(topic: string, partitions = this.#defaultPartitions): void {
    if (!this.#topics.has(topic))
      this.#topics.set(
        topic,
        Array.from({ length: partitions }, () => []),
      )
  }

  /** Of a topic that is not there yet, which appears. */
  partitions(topic: string): readonly (readonly TopicRecord[])[] {
    this.create(topic)
    return this.#topics.get(topic)!
  }

  /** All partitions, one after the other. */
  records(topic: string): TopicRecord[] {
    return (this.#topics.get(topic) ?? []).flat()
  }

  /** @throws RangeError for a partition that the topic does not have */
  append({ topic, partition, key, value, headers, timestamp }: RecordToSend, isWritten: boolean): TopicRecord {
    this.create(topic)
    const partitions = this.#topics.get(topic)!
    const place = partition >= 0 ? partition : this.#placeOf(key, partitions.length)
    const records = partitions[place]
    if (records === undefined) {
      throw new RangeError(`partition ${place} of ${topic}, which has ${partitions.length} in this fake client`)
    }
    const record: TopicRecord = {
      ...{ topic, partition: place, offset: records.length, isWritten },
      timestamp: timestamp < 0 ? Date.now() : timestamp,
      key: copy(key),
      value: copy(value),
      headers: headers.map(([name, one]) => [name, copy(one)] as const),
    }
    records.push(record)
    this.changed()
    return record
  }

  /** @param refusal undefined: writes succeed again */
  refuse(topic: string, refusal: Refusal | undefined): void {
    if (refusal === undefined) this.#refusals.delete(topic)
    else this.#refusals.set(topic, refusal)
    this.changed()
  }

  refusalOf(topic: string): Refusal | undefined {
    return this.#refusals.get(topic)
  }

  committed(groupId: string, topic: string, partition: number): GroupPosition | undefined {
    return this.#groups.get(`${groupId} ${topic}/${partition}`)
  }

  commit(groupId: string, topic: string, partition: number, position: GroupPosition): void {
    this.#groups.set(`${groupId} ${topic}/${partition}`, position)
    this.changed()
  }

  /** Called in a microtask after changes. @returns stops it */
  watch(changed: () => void): () => void {
    this.#watchers.add(changed)
    return () => this.#watchers.delete(changed)
  }

  /** Resolves with the next change. */
  change(): Promise<void> {
    return new Promise((resolve) => this.#waiters.push(resolve))
  }

  /** Resolves when those who watch have heard of all that has changed. */
  async heard(): Promise<void> {
    while (this.#isDue) await this.change()
  }

  /** Something that a test may wait for is different. */
  changed(): void {
    if (this.#isDue) return
    this.#isDue = true
    queueMicrotask(() => {
      this.#isDue = false
      for (const watcher of [...this.#watchers]) watcher()
      for (const wake of this.#waiters.splice(0)) wake()
    })
  }

  /** Records of one key share a partition, which need not be the one that a broker's client would choose. */
  #placeOf(key: Uint8Array | null, partitions: number): number {
    if (key !== null) return keyHash(key) % partitions
    this.#nextPartition = (this.#nextPartition + 1) % partitions
    return this.#nextPartition
  }
}

function copy(bytes: Uint8Array | null): Buffer | null {
  return bytes === null ? null : Buffer.from(bytes)
}
