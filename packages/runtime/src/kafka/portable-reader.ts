/**
 * The reader that needs no addon: node-rdkafka's `consume(n)`, packed into the same blocks as the native one makes.
 *
 * node-rdkafka's timeout counts per message, so a long one would delay a trickle by its whole batch: on a quiet topic one
 * message is waited for, then what is there is taken. Callbacks (rebalance, commits) are served only inside `consume`,
 * so when nothing is wanted for a while the assignment is paused and consume goes on.
 *
 * What node-rdkafka does not tell is lost here: a header's null value comes as an empty one, and who set a timestamp is not
 * known.
 */
import { setFlagsFromString } from 'node:v8'
import type { PartitionSlot, TopicPartition } from '@zk/engine'
import type { KafkaConsumer, LibrdKafkaError, Message, MessageHeader } from 'node-rdkafka'
import { BlockPool } from './block-pool.js'
import { type PackedBatch, packBlock, type RecordToPack, TimestampType } from './packed-batch.js'
import type { ReadError, Reader, ReadResult } from './reader.js'

const BATCH = 1000
/** Longest wait for a first message, in milliseconds; callbacks are served meanwhile. */
const QUIET_MS = 100
/** How long nothing may be wanted before reading goes on with the assignment paused. */
const STALL_MS = 250

export class PortableReader implements Reader {
  readonly kind = 'portable'
  readonly #consumer: KafkaConsumer
  readonly #onReady: () => void
  readonly #blocks = new BlockPool()
  /** By topic, then by partition number. */
  readonly #slots = new Map<string, PartitionSlot[]>()
  readonly #partitions = new Map<PartitionSlot, TopicPartition>()
  readonly #pausedSlots = new Set<PartitionSlot>()
  #wanted = 0
  #wantedBytes = 0
  #averageSize = 1024
  #read: RecordToPack[] = []
  #ends: { slot: PartitionSlot; offset: number }[] = []
  #errors: ReadError[] = []
  #reading: Promise<number> | undefined
  #held: Promise<void> | undefined
  #unhold: (() => void) | undefined
  /** Cuts the wait for a request short. */
  #wake: (() => void) | undefined
  #busy = false
  #stalledAt: number | undefined
  #stalled = false
  /** While stalled: partitions were assigned since, and those begin unpaused. */
  #unpaused = false
  #stallTimer: NodeJS.Timeout | undefined
  #closed = false

  constructor(consumer: KafkaConsumer, onReady: () => void) {
    this.#consumer = consumer
    this.#onReady = onReady
    // node-rdkafka gives key and value as Buffers with memory of its own, each told when V8 lets go of it. From V8's sweeper
    // threads that takes a lock and a wake-up of main each time, a fifth of what a message costs.
    setFlagsFromString('--no-concurrent-array-buffer-sweeping')
    consumer.on('partition.eof', ({ topic, partition, offset }) => {
      const slot = this.#slots.get(topic)?.[partition]
      if (slot !== undefined) this.#ends.push({ slot, offset })
    })
    void this.#loop()
  }

  attach(slot: PartitionSlot, partition: TopicPartition): void {
    const slots = this.#slots.get(partition.topic) ?? []
    slots[partition.partition] = slot
    this.#slots.set(partition.topic, slots)
    this.#partitions.set(slot, partition)
    this.#unpaused = true
  }

  detach(slot: PartitionSlot): void {
    this.#partitions.delete(slot)
    this.#pausedSlots.delete(slot)
  }

  setPaused(slot: PartitionSlot, paused: boolean): void {
    const partition = this.#partitions.get(slot)
    if (partition === undefined) return
    if (paused) this.#pausedSlots.add(slot)
    else this.#pausedSlots.delete(slot)
    if (!this.#stalled) this.#flow(paused ? 'pause' : 'resume', [partition])
  }

  request(records: number, bytes: number): void {
    this.#wanted = records
    this.#wantedBytes = bytes
    this.#wake?.()
  }

  take(): ReadResult | undefined {
    if (this.#read.length === 0 && this.#ends.length === 0 && this.#errors.length === 0) return undefined
    const result = {
      batch: this.#read.length === 0 ? undefined : this.#packed(),
      ends: this.#ends,
      errors: this.#errors,
    }
    this.#read = []
    this.#ends = []
    this.#errors = []
    return result
  }

  #packed(): PackedBatch {
    return this.#blocks.batchOf(packBlock(this.#read, this.#blocks.lend()))
  }

  async hold(): Promise<void> {
    this.#held ??= new Promise((resolve) => {
      this.#unhold = resolve
    })
    await this.#reading
  }

  release(): void {
    this.#held = undefined
    this.#unhold?.()
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#wake?.()
    this.release()
    await this.#reading
  }

  async #loop(): Promise<void> {
    while (!this.#closed) {
      await this.#held
      const wanted = this.#nextCount()
      if (wanted === 0 && !(await this.#stallsLong())) continue
      if (this.#closed) return
      if (this.#held !== undefined) continue
      if (wanted > 0 && this.#stalled) this.#setStalled(false)
      if (this.#stalled && this.#unpaused) this.#setStalled(true)
      const count = wanted > 0 && this.#busy ? wanted : 1
      this.#reading = this.#consume(count, count > 1 ? 1 : QUIET_MS)
      // What the read before brought is worked on while this one is under way.
      this.#handOver()
      const got = await this.#reading
      this.#reading = undefined
      if (got < count || this.#nextCount() === 0 || this.#held !== undefined) this.#handOver()
    }
  }

  #nextCount(): number {
    if (this.#wanted <= 0 || this.#wantedBytes <= 0) return 0
    return Math.min(BATCH, this.#wanted, Math.max(1, Math.floor(this.#wantedBytes / this.#averageSize)))
  }

  #handOver(): void {
    if (this.#read.length > 0 || this.#ends.length > 0 || this.#errors.length > 0) this.#onReady()
  }

  /** @returns true when nothing has been wanted for so long that callbacks must be served nevertheless */
  async #stallsLong(): Promise<boolean> {
    if (this.#stalled) return true
    this.#stalledAt ??= performance.now()
    const left = this.#stalledAt + STALL_MS - performance.now()
    if (left <= 0) {
      this.#setStalled(true)
      return true
    }
    await new Promise<void>((resolve) => {
      this.#wake = resolve
      this.#stallTimer = setTimeout(resolve, left)
    })
    clearTimeout(this.#stallTimer)
    this.#wake = undefined
    if (this.#wanted > 0) this.#stalledAt = undefined
    return false
  }

  #setStalled(stalled: boolean): void {
    this.#stalled = stalled
    this.#stalledAt = undefined
    this.#unpaused = false
    const all = [...this.#partitions].filter(([slot]) => !this.#pausedSlots.has(slot)).map(([, partition]) => partition)
    this.#flow(stalled ? 'pause' : 'resume', all)
  }

  #flow(how: 'pause' | 'resume', partitions: TopicPartition[]): void {
    if (partitions.length === 0 || !this.#consumer.isConnected()) return
    try {
      this.#consumer[how](partitions)
    } catch {
      // A partition that was revoked meanwhile has nothing to pause; the next assignment starts unpaused.
    }
  }

  /** @returns how many messages came */
  #consume(count: number, timeoutMs: number): Promise<number> {
    return new Promise((resolve) => {
      this.#consumer.setDefaultConsumeTimeout(timeoutMs)
      this.#consumer.consume(count, (error: LibrdKafkaError | null, messages: Message[]) => {
        this.#busy = !error && messages.length > 0
        if (!error) {
          this.#keep(messages)
          resolve(messages.length)
          return
        }
        this.#errors.push({ code: error.code, message: error.message, fatal: error.isFatal === true })
        // An error that stands would otherwise be read as fast as it can be.
        setTimeout(resolve, QUIET_MS, 0)
      })
    })
  }

  #keep(messages: Message[]): void {
    let bytes = 0
    for (const message of messages) {
      bytes += message.size
      const slot = this.#slots.get(message.topic)?.[message.partition]
      // Every partition was attached before it was assigned.
      if (slot !== undefined) this.#read.push(toRecord(message, slot))
    }
    if (messages.length === 0) return
    this.#wanted -= messages.length
    this.#wantedBytes -= bytes
    this.#averageSize = Math.max(1, (this.#averageSize * 3 + bytes / messages.length) / 4)
  }
}

const NO_HEADERS: RecordToPack['headers'] = []

function toRecord(message: Message, slot: PartitionSlot): RecordToPack {
  const { key, value, offset, timestamp, headers } = message
  return {
    slot,
    offset,
    timestamp: timestamp ?? -1,
    // node-rdkafka does not say who set it.
    timestampType: timestamp === undefined || timestamp < 0 ? TimestampType.none : TimestampType.create,
    key: typeof key === 'string' ? Buffer.from(key) : (key ?? null),
    value: value ?? null,
    headers: headers === undefined ? NO_HEADERS : headers.flatMap(toHeaders),
  }
}

function toHeaders(header: MessageHeader): [string, Uint8Array | null][] {
  return Object.entries(header).map(([name, value]) => [name, toBytes(value)])
}

function toBytes(value: unknown): Uint8Array | null {
  if (value === null || value === undefined) return null
  return value instanceof Uint8Array ? value : Buffer.from(String(value))
}
