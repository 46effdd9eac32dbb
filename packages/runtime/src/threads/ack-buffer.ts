/** Ends of deliveries on their way to main: packed, and posted a few at a time. */
// The global of the same name is a getter, which every record would pay for.
import { performance } from 'node:perf_hooks'
import { ACK_WORDS, MAX_ACK_MICROS } from '@zk/engine/in-thread'
import type { DeliveryFailure } from './protocol.js'

/**
 * Acks are flushed when nothing is left to run, after a failure, at the number that the last frame said, or after so many
 * ms. Main is woken for each flush, and on a machine whose cores are all busy with handlers that costs one of them a tenth
 * of a millisecond: with handlers of a millisecond 5 ms cost 1 % of all. While a thread has work, nobody waits for its acks
 * but a key that moves to another, and nothing is repeated for want of them when it dies: the board says what has ended.
 */
const FLUSH_MS = 20
/** More acks in one message gain nothing. */
const MAX_FLUSH_ACKS = 1_024

export class AckBuffer {
  readonly #words = new Int32Array(MAX_FLUSH_ACKS * ACK_WORDS)
  readonly #post: (acks: ArrayBuffer, failures: DeliveryFailure[]) => void
  #failures: DeliveryFailure[] = []
  #flushAcks = MAX_FLUSH_ACKS
  #count = 0
  #lastFlush = 0
  #timer: NodeJS.Timeout | undefined

  constructor(post: (acks: ArrayBuffer, failures: DeliveryFailure[]) => void) {
    this.#post = post
  }

  get isEmpty(): boolean {
    return this.#count === 0
  }

  /** @param flushAcks acks that may be kept back from now on */
  limit(flushAcks: number): void {
    this.#flushAcks = Math.min(flushAcks, MAX_FLUSH_ACKS)
  }

  /** Work begins again: after a pause the first ack would be flushed alone. */
  resume(now: number): void {
    if (this.#count === 0) this.#lastFlush = now
  }

  /** @param outcome with the flags of a failure @param ms how long the handler ran, in milliseconds */
  add(ticket: number, sequence: number, outcome: number, ms: number): void {
    const at = this.#count * ACK_WORDS
    this.#words[at] = ticket
    this.#words[at + 1] = sequence
    this.#words[at + 2] = outcome
    this.#words[at + 3] = Math.min(ms * 1_000, MAX_ACK_MICROS)
    this.#count++
  }

  /** Before the ack of the delivery is added. */
  addFailure(failure: DeliveryFailure): void {
    this.#failures.push(failure)
  }

  /** Asked after each `add`: there is room for one ack more only when this was answered by a flush. */
  isDue(now: number): boolean {
    return this.#count >= this.#flushAcks || now - this.#lastFlush >= FLUSH_MS
  }

  flush(now: number): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#lastFlush = now
    if (this.#count === 0) return
    const acks = this.#words.slice(0, this.#count * ACK_WORDS)
    const failures = this.#failures
    this.#count = 0
    this.#failures = []
    this.#post(acks.buffer, failures)
  }

  flushSoon(): void {
    this.#timer ??= setTimeout(this.#flushLate, FLUSH_MS)
  }

  readonly #flushLate = () => this.flush(performance.now())
}
