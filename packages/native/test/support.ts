/** What the tests share: a mock cluster, a way to fill it, and members of a consumer group that read natively. */
import { once } from 'node:events'
import { Kafka as KafkaJs, logLevel, type Message } from 'kafkajs'
import Kafka, { type KafkaConsumer } from 'node-rdkafka'
import { type NativeReader, openReader, type ReaderEvent } from '../src/index.js'
import { createMockCluster, type MockCluster } from '../src/mock-cluster.js'

export interface Record {
  slot: number
  offset: number
  timestamp: number
  keyHash: number
  key: Buffer | null
  value: Buffer | null
  headers: [string, Buffer | null][]
  timestampType: number
  size: number
  /** Where its bytes lie in the block. */
  position: number
}

const align8 = (at: number): number => (at + 7) & ~7

/** Reads a block as the description in src/index.ts says, and nothing else. */
export function unpack(block: ArrayBuffer): Record[] {
  const [magic, n, bytesStart, totalSize, ...rest] = new Uint32Array(block, 0, 8)
  if (magic !== 0x5a4b4232) throw new Error('not a block')
  if (totalSize > block.byteLength) throw new Error(`a block of ${block.byteLength} bytes says ${totalSize}`)
  if (rest.some((word) => word !== 0)) throw new Error('the header does not end in zeros')
  let at = 32
  const column = <T>(size: number, make: (at: number) => T): T => {
    const view = make(at)
    at = align8(at + size * n)
    return view
  }
  const i32 = () => column(4, (start) => new Int32Array(block, start, n))
  const u32 = () => column(4, (start) => new Uint32Array(block, start, n))
  const f64 = () => column(8, (start) => new Float64Array(block, start, n))
  const [offset, timestamp, slot, keyHash] = [f64(), f64(), i32(), u32()]
  const [keyLength, valueLength, headersLength, position, size, flags] = [i32(), i32(), i32(), u32(), i32(), i32()]
  if (bytesStart !== at) throw new Error('the record bytes do not start behind the columns')

  return Array.from({ length: n }, (_, i) => {
    let from = position[i]
    if (from % 4 !== 0) throw new Error('a record is not aligned')
    const bytes = (length: number): Buffer | null => {
      if (length < 0) return null
      from += length
      return Buffer.from(block, from - length, length)
    }
    const key = bytes(keyLength[i])
    const value = bytes(valueLength[i])
    const headers = unpackHeaders(bytes(headersLength[i])!)
    if (from - position[i] !== size[i]) throw new Error('size is not the sum of the parts')
    return {
      slot: slot[i],
      offset: offset[i],
      timestamp: timestamp[i],
      keyHash: keyHash[i],
      key,
      value,
      headers,
      timestampType: flags[i] & 3,
      size: size[i],
      position: position[i],
    }
  })
}

function unpackHeaders(bytes: Buffer): [string, Buffer | null][] {
  if (bytes.length === 0) return []
  let at = 4
  const headers: [string, Buffer | null][] = []
  for (let left = bytes.readUInt32LE(0); left > 0; left--) {
    const nameEnd = at + 4 + bytes.readUInt32LE(at)
    const name = bytes.toString('utf8', at + 4, nameEnd)
    const valueLength = bytes.readInt32LE(nameEnd)
    at = nameEnd + 4 + Math.max(valueLength, 0)
    headers.push([name, valueLength < 0 ? null : bytes.subarray(nameEnd + 4, at)])
  }
  if (at !== bytes.length) throw new Error('headers do not fill their bytes')
  return headers
}

/** A seeded generator (mulberry32), so that a failure can be run again. */
export function random(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) % below
  }
}

/** A cluster whose groups form at once. */
export function startCluster(): MockCluster {
  const cluster = createMockCluster()
  cluster.setGroupInitialRebalanceDelay(50)
  return cluster
}

/** kafkajs writes what node-rdkafka's producer cannot: null header values, repeated header names, exact bytes. */
export async function produce(cluster: MockCluster, topic: string, messages: Message[]): Promise<void> {
  const producer = new KafkaJs({
    brokers: cluster.bootstrapServers.split(','),
    logLevel: logLevel.NOTHING,
  }).producer({
    createPartitioner:
      () =>
      ({ message }) =>
        message.partition ?? 0,
  })
  await producer.connect()
  try {
    // The mock brokers answer fetches batch by batch: smaller ones make reads of a realistic shape.
    for (let at = 0; at < messages.length; at += 500)
      await producer.send({ topic, messages: messages.slice(at, at + 500) })
  } finally {
    await producer.disconnect()
  }
}

export function numbered(count: number, partitions: number, bytes = 0): Message[] {
  const filler = 'x'.repeat(bytes)
  return Array.from({ length: count }, (_, i) => ({
    key: `k${i}`,
    value: `${i}${filler}`,
    partition: i % partitions,
  }))
}

export const consumerDefaults = {
  'partition.assignment.strategy': 'cooperative-sticky',
  'enable.auto.offset.store': false,
  'enable.auto.commit': false,
  'heartbeat.interval.ms': 50,
  'session.timeout.ms': 2_000,
  'fetch.wait.max.ms': 10,
  'fetch.queue.backoff.ms': 10,
} as const

export async function connect(consumer: KafkaConsumer): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    consumer.connect({ timeout: 10_000 }, (error) => (error ? reject(error) : resolve()))
  })
}

export async function disconnect(consumer: KafkaConsumer): Promise<void> {
  await new Promise<void>((resolve) => consumer.disconnect(() => resolve()))
}

export interface MemberOptions {
  config?: { [property: string]: unknown }
  /** How many records librdkafka hands over in one call; 0: one by one. */
  burst?: number
  maxRecords?: number
  maxBytes?: number
  groups?: number
  /** Memory that requests give; by default they give none. */
  lend?: () => ArrayBuffer
  /** False: the test calls request() itself. */
  keepReading?: boolean
  onRecords?: (records: Record[], block: ArrayBuffer) => void
  /** Where to begin with a partition that is assigned; else at the committed offset. */
  startAt?: (partition: number) => number
}

/** One consumer with a reader, attaching and detaching as a program would. */
export class Member {
  readonly consumer: KafkaConsumer
  reader!: NativeReader
  readonly records: Record[] = []
  readonly events: ReaderEvent[] = []
  readonly blocks: number[] = []
  /** slot → partition of the topic; a new slot for every assignment. */
  readonly slots = new Map<number, { topic: string; partition: number }>()
  readonly assignedNow = new Set<number>()
  readonly rebalances: { code: number; partitions: number[] }[] = []
  beforeRevoke: (partitions: number[]) => void | Promise<void> = () => {}
  readonly #changed = new EventTarget()
  readonly #options: MemberOptions
  #nextSlot = 0

  constructor(cluster: MockCluster, group: string, options: MemberOptions = {}) {
    this.#options = options
    this.consumer = new Kafka.KafkaConsumer(
      {
        'bootstrap.servers': cluster.bootstrapServers,
        'group.id': group,
        ...consumerDefaults,
        ...options.config,
        rebalance_cb: (error: { code: number }, partitions: { topic: string; partition: number }[]) =>
          void this.#rebalance(error.code, partitions),
      } as never,
      { 'auto.offset.reset': 'earliest', 'consume.callback.max.messages': options.burst ?? 16 } as never,
    )
  }

  async start(...topics: string[]): Promise<this> {
    await connect(this.consumer)
    this.reader = openReader(this.consumer, { onReady: () => this.drain(), groups: this.#options.groups ?? 1 })
    if (this.#options.keepReading !== false) this.request()
    this.consumer.subscribe(topics)
    return this
  }

  request(maxRecords = this.#options.maxRecords ?? 1_000, maxBytes = this.#options.maxBytes ?? 4_000_000): void {
    this.reader.request(maxRecords, maxBytes, this.#options.lend?.())
  }

  drain(): void {
    const taken = this.reader.take()
    if (taken === undefined) return
    if (taken.block !== undefined) {
      const records = unpack(taken.block)
      this.blocks.push(records.length)
      this.records.push(...records)
      this.#options.onRecords?.(records, taken.block)
      if (this.#options.keepReading !== false) this.request()
    }
    this.events.push(...taken.events)
    this.#changed.dispatchEvent(new Event('change'))
  }

  /** Resolves at the first change after which the condition holds. */
  async until(condition: () => boolean, timeoutMs = 20_000): Promise<void> {
    const signal = AbortSignal.timeout(timeoutMs)
    while (!condition()) {
      const change = once(this.#changed as never, 'change', { signal })
      await change.catch(() => {
        throw new Error(
          `still waiting for ${condition} with ${this.records.length} records, ${JSON.stringify(this.events)}, ${JSON.stringify(this.rebalances)}`,
        )
      })
    }
  }

  slotOf(partition: number): number {
    for (const slot of this.assignedNow) if (this.slots.get(slot)!.partition === partition) return slot
    throw new Error(`partition ${partition} is not assigned`)
  }

  offsets(partition: number): number[] {
    return this.records.filter((record) => this.slots.get(record.slot)!.partition === partition).map((r) => r.offset)
  }

  async stop(): Promise<void> {
    if (!this.consumer.isConnected()) return
    this.reader.close()
    await disconnect(this.consumer)
  }

  async #rebalance(code: number, partitions: { topic: string; partition: number }[]): Promise<void> {
    this.rebalances.push({ code, partitions: partitions.map((p) => p.partition) })
    if (code === -175) {
      for (const { topic, partition } of partitions) {
        const slot = this.#nextSlot++
        this.slots.set(slot, { topic, partition })
        this.assignedNow.add(slot)
        this.reader.attach(topic, partition, slot)
      }
      const { startAt } = this.#options
      const from = startAt ? partitions.map((p) => ({ ...p, offset: startAt(p.partition) })) : partitions
      this.consumer.incrementalAssign(from as never)
    } else {
      for (const { partition } of partitions) {
        const slot = this.slotOf(partition)
        this.reader.detach(slot)
        this.assignedNow.delete(slot)
      }
      this.drain()
      await this.beforeRevoke(partitions.map((p) => p.partition))
      this.consumer.incrementalUnassign(partitions as never)
    }
    this.#changed.dispatchEvent(new Event('change'))
  }
}

/** What node-rdkafka's own consume() gives for the first `count` records of a topic. */
export async function plainConsume(cluster: MockCluster, topic: string, count: number): Promise<Kafka.Message[]> {
  const consumer = new Kafka.KafkaConsumer(
    {
      'bootstrap.servers': cluster.bootstrapServers,
      'group.id': `plain-${topic}`,
      ...consumerDefaults,
      rebalance_cb: true,
    } as never,
    { 'auto.offset.reset': 'earliest' },
  )
  await connect(consumer)
  consumer.setDefaultConsumeTimeout(20)
  consumer.subscribe([topic])
  const messages: Kafka.Message[] = []
  while (messages.length < count)
    messages.push(
      ...(await new Promise<Kafka.Message[]>((resolve, reject) => {
        consumer.consume(1_000, (error, batch) => (error ? reject(error) : resolve(batch)))
      })),
    )
  await disconnect(consumer)
  return messages
}
