import type { KafkaConsumer } from 'node-rdkafka'
import { addon, type Client } from './binding.js'
import { clientOf } from './consumer.js'
import { KafkaError, NativeError } from './errors.js'
import { guardOf } from './guard.js'

export interface ReaderOptions {
  /** Called on the main thread, coalesced, when `take()` has something. */
  onReady: () => void
  /**
   * Records whose keyHash has the same remainder modulo `groups` lie together in a block, so that whoever hands each
   * group to another thread copies long runs. From 1, the default, to 65,536.
   */
  groups?: number
}

export type ReaderEvent =
  /**
   * What librdkafka reports in place of a record. `code` is librdkafka's; of a fatal error (`fatal`: the consumer is
   * of no use any more) it is the cause, such as 82 for a fenced static member. Kept also when records came first.
   */
  | { type: 'error'; code: number; message: string; fatal: boolean; topic?: string; partition?: number }
  /** The end of the partition was reached; `offset` is the next one to be written. Needs `enable.partition.eof`. */
  | { type: 'end'; slot: number; offset: number }

/** What `take()` returns. Within one of them the events come after the records. */
export interface Taken {
  /**
   * Packed records (see the package's description of the layout). It is yours, and may be transferred. The buffer that
   * the request lent, if the records fit in; its block may be shorter than the buffer.
   */
  block: ArrayBuffer | undefined
  events: ReaderEvent[]
}

/**
 * Reads a consumer's partitions on a thread of its own. All methods are for the main thread and return at once;
 * `detach` and `close` may wait some milliseconds for the read in progress.
 */
export interface NativeReader {
  /**
   * Lets the reader thread read the partition; its records carry `slot`, a number of your choice. Call it *before*
   * `assign` or `incrementalAssign`, so that no record reaches the consumer's own queue, and again for each new
   * assignment.
   * Partitions that are assigned already can be attached too, in the same turn of the event loop as `openReader`.
   * @throws NativeError ZK_NATIVE_SLOT when the slot or the partition is attached already
   * @throws KafkaError −172 when the consumer is closing
   */
  attach(topic: string, partition: number, slot: number): void
  /**
   * When it returns, nothing more is read from the partition; a read in progress has been packed and can be taken.
   * Unknown slots are ignored.
   */
  detach(slot: number): void
  /**
   * Flow control without `pause()`: the partition is not read, and keeps what was fetched ahead. librdkafka stops
   * fetching at `queued.max.messages.kbytes` or `queued.min.messages`. Unknown slots are ignored.
   */
  setPaused(slot: number, paused: boolean): void
  /**
   * Arms one read. The thread waits for the first record, then takes what is ready at once from all attached, unpaused
   * partitions, up to the limits and fairly, and packs it into one block. A record larger than `maxBytes` is delivered
   * alone. Replaces an earlier request that the thread has not begun; one block at most waits to be taken.
   *
   * @param into memory for the block, which then holds no more than fits, except for a larger record alone. Lent until
   *   the block of this request, or of a later one, is taken: neither write to it nor transfer it meanwhile. By default each
   *   block has memory of its own.
   * @param inFlight by slot, how many records of the partition have been taken and have not ended: whoever has few is read
   *   more, until all have as many. By default none.
   */
  request(maxRecords: number, maxBytes: number, into?: ArrayBuffer, inFlight?: Int32Array): void
  /** What is ready; `undefined` when there is nothing. */
  take(): Taken | undefined
  /** Entries that librdkafka holds for the partition, records of superseded assignments included. 0 if unknown. */
  queued(slot: number): number
  /**
   * The offset behind everything that was delivered from the partition, transaction markers and compacted records
   * included: what may be stored once all that was delivered is finished. `undefined` when it cannot be told just now,
   * because a read is in progress or records wait to be taken. (`consumer.position()` runs ahead of what was
   * delivered: the thread takes records from librdkafka before a block has room for them.)
   */
  position(slot: number): number | undefined
  /**
   * Ends the thread and lets go of the queues. Call it before `consumer.disconnect()`, which does it otherwise.
   * Partitions that are still assigned are read by nobody from then on. Idempotent; the other methods do nothing
   * afterwards, except that `take()` still returns what was packed.
   */
  close(): void
}

interface Seekable {
  seek: (
    target: { topic: string; partition: number },
    timeout: number | null,
    callback: (...results: unknown[]) => void,
  ) => unknown
}

/** Blocks count bytes in 32 bits; half of that leaves room for the columns. */
const MAX_BLOCK_BYTES = 2 ** 30
const MAX_ROOM = 2 ** 31 - 1
const MAX_GROUPS = 65_536
const STATE = -172
const CONFLICT = -173

/**
 * @param consumer a connected KafkaConsumer of node-rdkafka. It must be read by nobody else, and has one reader.
 * @throws NativeError ZK_NATIVE_NOT_A_CONSUMER, ZK_NATIVE_READER_OPEN
 */
export function openReader(consumer: KafkaConsumer, options: ReaderOptions): NativeReader {
  const client = clientOf(consumer)
  // Two readers would steal each other's wake-ups.
  if (guardOf(client).closeReader !== undefined)
    throw new NativeError('ZK_NATIVE_READER_OPEN', 'The consumer has an open reader already')
  const { onReady, groups = 1 } = options
  if (!(Number.isInteger(groups) && groups >= 1 && groups <= MAX_GROUPS)) {
    throw new RangeError(`groups has to be a whole number from 1 to ${MAX_GROUPS}, not ${groups}`)
  }
  return new Reader(client, onReady, groups)
}

class Reader implements NativeReader {
  readonly #handle
  readonly #client: Client & Partial<Seekable>
  #open = true
  /** Buffers that requests gave, by number, in their order. */
  readonly #lent = new Map<number, ArrayBuffer>()
  #lastRoom = 0

  constructor(client: Client, onReady: () => void, groups: number) {
    this.#client = client
    this.#handle = new addon.Reader(client, onReady, groups)
    const code = this.#handle.open()
    if (code !== 0) throw new KafkaError(code, `The reader cannot start: ${addon.errorText(code)}`)
    guardOf(client).closeReader = () => this.close()
    this.#announceSeeks()
    // The thread starts behind the code that opens the reader: what that attaches at once is known when it first looks
    // into the consumer's queue, and records that lie there already find their slot.
    queueMicrotask(() => this.#open && this.#handle.run())
  }

  attach(topic: string, partition: number, slot: number): void {
    const code = this.#open ? this.#handle.attach(topic, partition, slot) : STATE
    if (code === CONFLICT)
      throw new NativeError('ZK_NATIVE_SLOT', `Slot ${slot} or ${topic} [${partition}] is attached already`)
    if (code !== 0) throw new KafkaError(code, `${topic} [${partition}] cannot be attached: ${addon.errorText(code)}`)
  }

  detach(slot: number): void {
    if (this.#open) this.#handle.detach(slot)
  }

  setPaused(slot: number, paused: boolean): void {
    if (this.#open) this.#handle.setPaused(slot, paused)
  }

  request(maxRecords: number, maxBytes: number, into?: ArrayBuffer, inFlight?: Int32Array): void {
    if (!(maxRecords >= 1) || !(maxBytes >= 1)) throw new RangeError('request() needs room for at least one record')
    if (!this.#open) return
    const limit = Math.min(maxBytes, MAX_BLOCK_BYTES)
    if (into === undefined) {
      this.#handle.request(maxRecords, limit, undefined, 0, inFlight)
      return
    }
    this.#lastRoom = (this.#lastRoom + 1) & MAX_ROOM || 1
    this.#lent.set(this.#lastRoom, into)
    this.#handle.request(maxRecords, limit, into, this.#lastRoom, inFlight)
  }

  take(): Taken | undefined {
    const taken = this.#handle.take()
    if (taken === undefined) return undefined
    const { block, room } = taken
    const lent = room === 0 ? undefined : this.#giveBack(room)
    return { block: block ?? lent, events: taken.events as ReaderEvent[] }
  }

  queued(slot: number): number {
    return this.#open ? this.#handle.queued(slot) : 0
  }

  position(slot: number): number | undefined {
    const offset = this.#open ? this.#handle.position(slot) : -1
    return offset < 0 ? undefined : offset
  }

  close(): void {
    if (!this.#open) return
    this.#open = false
    guardOf(this.#client).closeReader = undefined
    delete this.#client.seek
    this.#handle.close()
  }

  /** Requests before this one were replaced. */
  #giveBack(room: number): ArrayBuffer {
    const buffer = this.#lent.get(room)!
    for (const [earlier] of this.#lent) {
      this.#lent.delete(earlier)
      if (earlier === room) break
    }
    return buffer
  }

  /**
   * Hides `seek` of the client until close(): nothing is read from the partition until it is done, and what was taken
   * before is forgotten.
   */
  #announceSeeks(): void {
    const client = this.#client as Seekable
    const { seek } = client
    client.seek = (target, timeout, callback) => {
      const { topic, partition } = target
      if (!this.#open || !this.#handle.beginSeek(topic, partition)) return seek.call(client, target, timeout, callback)
      const end = () => {
        if (this.#open) this.#handle.endSeek(topic, partition)
      }
      try {
        return seek.call(client, target, timeout, (...results) => {
          end()
          callback(...results)
        })
      } catch (error) {
        end()
        throw error
      }
    }
  }
}
