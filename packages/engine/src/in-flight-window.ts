/**
 * How much may be between the reader and a finished handler, in messages and in bytes.
 *
 * With K messages in flight and N pinned threads, utilisation is about K / (K + N - 1), so the window starts far above N
 * and then follows the handlers: as many messages as they finish in 20 ms, and never fewer than it started with. The byte
 * limit never moves. A record larger than the whole byte limit is admitted alone, because it must pass some time.
 *
 * Half of the window is kept for fairness: each partition that is read has a share of it, that half divided by their
 * number, which the others cannot take. So a slow or hot partition fills at most the rest, and the others go on.
 */
import type { PartitionSlot, RecordBatch } from './record-batch.js'

export interface WindowLimits {
  /** Where the window starts and below which it never shrinks, in messages. */
  minMessages: number
  /** Above which it never grows, in messages. */
  maxMessages: number
  /** Cap of key, value and header bytes in flight. */
  maxBytes: number
}

/** Work to keep ahead of each lane, in milliseconds: enough to ride out a slow read, short enough to drain. */
const TARGET_MS = 20
/** Below a microsecond a measured time is noise. */
const SHORTEST_MS = 0.001

/** What one partition has in the window. */
interface Holding {
  messages: number
  bytes: number
  /** It is read: it has a share. */
  member: boolean
}

export class InFlightWindow {
  readonly maxBytes: number
  readonly #limits: WindowLimits
  #minMessages: number
  #maxMessages: number
  #messages = 0
  #bytes = 0
  /** By slot. */
  readonly #holdings: Holding[] = []
  #members = 0
  #shareMessages = 0
  #shareBytes = 0
  /** What of the members' shares is not used: nobody else may take it. */
  #reservedMessages = 0
  #reservedBytes = 0

  constructor(limits: WindowLimits) {
    this.#limits = limits
    this.#minMessages = limits.minMessages
    this.#maxMessages = limits.minMessages
    this.maxBytes = limits.maxBytes
  }

  get messages(): number {
    return this.#messages
  }
  get bytes(): number {
    return this.#bytes
  }
  get maxMessages(): number {
    return this.#maxMessages
  }
  /** Bytes that one partition may have in flight, whatever the others do. */
  get shareBytes(): number {
    return this.#shareBytes
  }
  get freeBytes(): number {
    return Math.max(0, this.maxBytes - this.#bytes)
  }
  /** Messages that may enter, from whichever partition they come. */
  get openMessages(): number {
    return Math.max(0, this.#maxMessages - this.#messages - this.#reservedMessages)
  }
  /** Messages that one partition may bring within its share, which the others leave free for it. */
  get fairMessages(): number {
    return Math.min(this.#shareMessages, this.#reservedMessages, this.#limits.maxMessages - this.#messages)
  }

  /** The partition is read from now on: it gets a share. */
  join(slot: PartitionSlot): void {
    this.#setMember(slot, true)
  }

  /** The partition is not read any more: its share goes to the others. What it has in flight stays counted. */
  leave(slot: PartitionSlot): void {
    this.#setMember(slot, false)
  }

  /** @returns false when the record has to wait; true when it is counted in. */
  admit(slot: PartitionSlot, size: number): boolean {
    const holding = this.#holdingOf(slot)
    if (this.#messages > 0 && !this.#fits(holding, size)) return false
    this.#count(holding, 1, size)
    return true
  }

  /** As `admit`, for a record that everything else makes way for: the shares of others are not kept free from it. */
  admitOversized(slot: PartitionSlot, size: number): boolean {
    const isRoom = this.#messages < this.#maxMessages && this.#bytes + size <= this.maxBytes
    if (this.#messages > 0 && !isRoom) return false
    this.#count(this.#holdingOf(slot), 1, size)
    return true
  }

  release(slot: PartitionSlot, size: number): void {
    this.#count(this.#holdings[slot]!, -1, -size)
  }

  /** `openMessages` and `freeBytes` as they are once the batch has entered. */
  behind(unopened: RecordBatch): { openMessages: number; freeBytes: number } {
    const messages = this.bySlot(unopened)
    let openMessages = this.#maxMessages
    for (let slot = 0; slot < messages.length; slot++) {
      const share = this.#holdings[slot]?.member ? this.#shareMessages : 0
      openMessages -= Math.max(messages[slot]!, share)
    }
    let { freeBytes } = this
    for (let i = 0; i < unopened.length; i++) freeBytes -= unopened.sizes[i]!
    return { openMessages, freeBytes }
  }

  /** Messages of each partition that are in the window, and of a batch that is to enter. */
  bySlot(unopened?: RecordBatch): Int32Array {
    const messages = Int32Array.from({ length: this.#holdings.length }, (_, slot) => this.held(slot))
    if (unopened !== undefined) for (let i = 0; i < unopened.length; i++) messages[unopened.slots[i]!]!++
    return messages
  }

  /** Messages of a partition that are in the window. */
  held(slot: PartitionSlot): number {
    return this.#holdings[slot]?.messages ?? 0
  }

  /** Whether a record can only enter when nearly everything else has left: the others have to make way then. */
  isOversized(slot: PartitionSlot, size: number): boolean {
    return this.held(slot) === 0 && size > (this.#members < 2 ? this.maxBytes : this.#shareBytes)
  }

  /**
   * Follows the handlers: as many messages as they finish in `TARGET_MS`. Moves at most by a factor of two a call, so that
   * one odd batch of acks does not throw it about.
   *
   * @param lanes handlers that may be in progress at once, over all threads
   * @param handlerMs what a handler takes, in milliseconds
   */
  adapt(lanes: number, handlerMs: number): void {
    const { maxMessages } = this.#limits
    const wanted = Math.min(Math.round((lanes * TARGET_MS) / Math.max(handlerMs, SHORTEST_MS)), maxMessages)
    const next = Math.min(Math.max(wanted, this.#maxMessages >> 1), this.#maxMessages * 2)
    this.#resize(next)
  }

  /** It does not shrink below so many messages from now on, as far as it may grow: handlers take many at a time. */
  atLeast(messages: number): void {
    this.#minMessages = Math.max(this.#minMessages, messages)
    this.#resize(this.#maxMessages)
  }

  #resize(messages: number): void {
    const { maxMessages } = this.#limits
    // Two for each partition, or shares would be nothing.
    const next = Math.min(Math.max(messages, this.#minMessages, 2 * this.#members), maxMessages)
    if (next === this.#maxMessages) return
    this.#maxMessages = next
    this.#divide()
  }

  #setMember(slot: PartitionSlot, member: boolean): void {
    const holding = this.#holdingOf(slot)
    if (holding.member === member) return
    holding.member = member
    this.#members += member ? 1 : -1
    this.#resize(this.#maxMessages)
    this.#divide()
  }

  /** Shares follow the number of partitions and the size of the window. A partition alone needs none. */
  #divide(): void {
    const parts = this.#members < 2 ? Number.POSITIVE_INFINITY : 2 * this.#members
    // A small window gives each of many partitions one message, as long as there is one left for whoever has most to do.
    const least = this.#members >= 2 && this.#members < this.#maxMessages ? 1 : 0
    this.#shareMessages = Math.max(least, Math.floor(this.#maxMessages / parts))
    this.#shareBytes = Math.floor(this.maxBytes / parts)
    this.#reservedMessages = 0
    this.#reservedBytes = 0
    for (const holding of this.#holdings) {
      if (holding === undefined || !holding.member) continue
      this.#reservedMessages += Math.max(0, this.#shareMessages - holding.messages)
      this.#reservedBytes += Math.max(0, this.#shareBytes - holding.bytes)
    }
  }

  #fits({ messages, bytes, member }: Holding, size: number): boolean {
    const newMessages = this.#messages + 1
    const newBytes = this.#bytes + size
    if (newMessages > this.#limits.maxMessages || newBytes > this.maxBytes) return false
    const ownMessages = member ? Math.max(0, this.#shareMessages - messages) : 0
    const ownBytes = member ? Math.max(0, this.#shareBytes - bytes) : 0
    // Within its share, also when the window has shrunk below what others hold.
    if (ownMessages >= 1 && ownBytes >= size) return true
    return (
      newMessages + this.#reservedMessages - ownMessages <= this.#maxMessages &&
      newBytes + this.#reservedBytes - ownBytes <= this.maxBytes
    )
  }

  #count(holding: Holding, messages: number, bytes: number): void {
    if (holding.member) {
      const beforeMessages = Math.max(0, this.#shareMessages - holding.messages)
      const beforeBytes = Math.max(0, this.#shareBytes - holding.bytes)
      this.#reservedMessages += Math.max(0, this.#shareMessages - holding.messages - messages) - beforeMessages
      this.#reservedBytes += Math.max(0, this.#shareBytes - holding.bytes - bytes) - beforeBytes
    }
    holding.messages += messages
    holding.bytes += bytes
    this.#messages += messages
    this.#bytes += bytes
  }

  #holdingOf(slot: PartitionSlot): Holding {
    this.#holdings[slot] ??= { messages: 0, bytes: 0, member: false }
    return this.#holdings[slot]
  }
}
