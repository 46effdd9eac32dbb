/**
 * How much may be between the reader and a finished handler, in messages and in bytes.
 *
 * With K messages in flight and N pinned threads, utilisation is about K / (K + N - 1), so the window starts far above N
 * and then follows the handlers: as many messages as they finish in 20 ms, and never fewer than it started with. The byte
 * limit never moves. A record larger than the whole byte limit is admitted alone, because it must pass some time.
 */

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

export class InFlightWindow {
  readonly maxBytes: number
  readonly #limits: WindowLimits
  #maxMessages: number
  #messages = 0
  #bytes = 0

  constructor(limits: WindowLimits) {
    this.#limits = limits
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
  get freeMessages(): number {
    return Math.max(0, this.#maxMessages - this.#messages)
  }
  get freeBytes(): number {
    return Math.max(0, this.maxBytes - this.#bytes)
  }

  /** @returns false when the record has to wait; true when it is counted in. */
  admit(size: number): boolean {
    if (this.#messages > 0 && (this.#messages >= this.#maxMessages || this.#bytes + size > this.maxBytes)) return false
    this.#messages++
    this.#bytes += size
    return true
  }

  release(size: number): void {
    this.#messages--
    this.#bytes -= size
  }

  /**
   * Follows the handlers: as many messages as they finish in `TARGET_MS`. Moves at most by a factor of two a call, so that
   * one odd batch of acks does not throw it about.
   *
   * @param lanes handlers that may be in progress at once, over all threads
   * @param handlerMs what a handler takes, in milliseconds
   */
  adapt(lanes: number, handlerMs: number): void {
    const { minMessages, maxMessages } = this.#limits
    const wanted = Math.min(Math.round((lanes * TARGET_MS) / Math.max(handlerMs, SHORTEST_MS)), maxMessages)
    const next = Math.min(Math.max(wanted, this.#maxMessages >> 1), this.#maxMessages * 2)
    this.#maxMessages = Math.min(Math.max(next, minMessages), maxMessages)
  }
}
