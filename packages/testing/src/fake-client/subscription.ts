/** A membership in a group, in memory: the runtime's own inbox, filled from topics of the fake client. */
import type { PartitionAssignment, TopicPartition } from '@zk/engine'
import { errors, packRecords, TimestampType } from '@zk/runtime/internal'
import { Inbox, type ReaderSubscription, topicMatcher } from '@zk/runtime/internal/fake-client'
import type { FakeGroups, Member } from './groups.js'
import type { FakeTopics, TopicRecord } from './topics.js'

export interface FakeSubscriptionOptions {
  topics: FakeTopics
  groups: FakeGroups
  /** Names and patterns. */
  wanted: readonly string[]
  groupId: string
  autoOffsetReset: 'earliest' | 'latest' | 'error'
  maxUncommittedRecords: number
}

export interface FakeSubscriptionListener {
  /** So many records, of so many bytes, are about to be taken in. */
  reads?(records: number, bytes: number): void
  /** There may be something to take: so many records have come. */
  arrived(records: number): void
  assigned?(partitions: readonly PartitionAssignment[]): void
  revoked?(partitions: readonly PartitionAssignment[]): void
  committed?(partition: TopicPartition, offset: number, finished: readonly number[]): void
  failed(error: Error): void
}

export class FakeSubscription implements ReaderSubscription, Member {
  readonly inbox: Inbox
  readonly #options: FakeSubscriptionOptions
  readonly #listener: FakeSubscriptionListener
  readonly #matches: (topic: string) => boolean
  /** By `topic/partition`: the next offset to read. */
  readonly #positions = new Map<string, number>()
  #unwatch: (() => void) | undefined
  #isClosed = false

  constructor(options: FakeSubscriptionOptions, listener: FakeSubscriptionListener) {
    this.#options = options
    this.#listener = listener
    this.#matches = topicMatcher(options.wanted)
    this.inbox = new Inbox({
      maxUncommittedRecords: options.maxUncommittedRecords,
      // A partition that goes on is read at once.
      setPaused: (_assignment, paused) => void (paused || queueMicrotask(() => this.#read())),
      restart: () => {},
      store: ({ topic, partition }, offset, finished) => {
        options.topics.commit(options.groupId, topic, partition, { offset, finished: [...finished] })
        listener.committed?.({ topic, partition }, offset, finished)
      },
    })
  }

  async start(): Promise<void> {
    // What goes wrong is heard of later, as it is where brokers are asked.
    await Promise.resolve()
    if (this.#isClosed) return
    const { topics, groups, groupId, wanted } = this.#options
    for (const name of wanted) if (!name.startsWith('^')) topics.create(name)
    groups.join(groupId, this)
    this.#unwatch = topics.watch(() => this.#read())
    this.#read()
  }

  /** Whether it is a member of its group. */
  get isJoined(): boolean {
    return this.#unwatch !== undefined && !this.#isClosed
  }

  get assignments(): TopicPartition[] {
    return [...this.inbox.assignments].map(({ topic, partition }) => ({ topic, partition }))
  }

  want(): void {}

  async commit(): Promise<void> {
    this.store()
  }

  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#unwatch?.()
    this.#options.groups.leave(this.#options.groupId, this)
  }

  // ── as a member ──────────────────────────────────────────────────────────────────────────────────────────────────

  wants(topic: string): boolean {
    return this.#matches(topic)
  }

  store(): void {
    this.inbox.storeWatermarks()
  }

  keepOnly(partitions: readonly TopicPartition[]): void {
    const gone = [...this.inbox.assignments].filter((one) => !partitions.some((other) => isSame(one, other)))
    if (gone.length === 0) return
    // What is done is committed; the rest is read again by whoever has it next.
    this.store()
    this.inbox.end(gone.map(({ slot }) => slot))
    this.#listener.revoked?.(gone)
    this.#options.topics.changed()
  }

  assign(partitions: readonly TopicPartition[]): void {
    const { topics, groupId, autoOffsetReset } = this.#options
    const added = partitions.filter((one) => this.inbox.assignments.of(one) === undefined)
    if (added.length === 0) return
    for (const { topic, partition } of added) {
      const committed = topics.committed(groupId, topic, partition)
      if (committed === undefined && autoOffsetReset === 'error') {
        this.#listener.failed(errors.ZK_OFFSET_UNAVAILABLE(`${topic} [${partition}]: no committed offset`))
        return
      }
      this.inbox.assigned([{ topic, partition, committed: committed?.offset, finished: committed?.finished }])
      this.#positions.set(`${topic}/${partition}`, committed?.offset ?? this.#reset(topic, partition))
    }
    topics.changed()
    this.#listener.assigned?.([...this.inbox.assignments].filter((one) => added.some((other) => isSame(one, other))))
    this.#read()
  }

  /** Where reading goes on, or begins. */
  position({ topic, partition }: TopicPartition): number | undefined {
    return this.#positions.get(`${topic}/${partition}`)
  }

  #reset(topic: string, partition: number): number {
    return this.#options.autoOffsetReset === 'latest' ? this.#options.topics.partitions(topic)[partition].length : 0
  }

  #read(): void {
    if (this.#isClosed) return
    const ready = [...this.inbox.assignments]
      .filter(({ paused }) => !paused)
      .map((one) => [one, this.#unread(one)] as const)
    const records = ready.flatMap(([, unread]) => unread)
    if (records.length > 0)
      this.#listener.reads?.(
        records.length,
        records.reduce((sum, one) => sum + sizeOf(one), 0),
      )
    for (const [assignment, unread] of ready) this.#accept(assignment, unread)
    this.#listener.arrived(records.length)
  }

  #unread({ topic, partition }: PartitionAssignment): readonly TopicRecord[] {
    return this.#options.topics.partitions(topic)[partition].slice(this.position({ topic, partition }))
  }

  #accept({ topic, partition, slot }: PartitionAssignment, records: readonly TopicRecord[]): void {
    if (records.length === 0) return
    this.#positions.set(`${topic}/${partition}`, records.at(-1)!.offset + 1)
    this.inbox.accept(packRecords(records.map((record) => ({ ...record, slot, timestampType: TimestampType.create }))))
  }
}

function sizeOf({ key, value, headers }: TopicRecord): number {
  const ofHeaders = headers.reduce((sum, [name, one]) => sum + name.length + (one?.length ?? 0), 0)
  return (key?.length ?? 0) + (value?.length ?? 0) + ofHeaders
}

function isSame(one: TopicPartition, other: TopicPartition): boolean {
  return one.topic === other.topic && one.partition === other.partition
}
