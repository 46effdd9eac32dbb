/**
 * What becomes of retries in partitions that are about to go.
 *
 * Nothing of a partition that was cut is tried again: the next owner does it. So a record that waits for another attempt is
 * handed back, and everything of its key behind it, now or when it comes: a later record of a key must not be finished
 * before an earlier one.
 */
import { type KeyedQueue, NO_KEY } from '@zk/engine/in-thread'
import type { BoardWriter } from './board.js'
import type { ReceivedRecords } from './received-records.js'
import { RefusedKeys } from './refused-keys.js'
import type { ParkedRecords } from './retries.js'

export interface HandBackOptions {
  board: BoardWriter
  queue: KeyedQueue
  records: ReceivedRecords
  parked: ParkedRecords
  /** Ends a record that holds no lane, as discarded. */
  discard(ticket: number): void
}

export class HandBack {
  readonly #options: HandBackOptions
  readonly #refused = new RefusedKeys()
  /**
   * By slot: a record of this epoch failed and the policy is to stop, so that the rest of its assignment is handed back
   * unstarted. Of the assignment only: where it is over when main hears of the failure, the work does not stop, and a
   * thread that handed back everything from then on would stall it without a word.
   */
  readonly #failedEpochs: number[] = []

  /** Some record may be refused. Asked before each start. */
  refuses = false

  constructor(options: HandBackOptions) {
    this.#options = options
  }

  /** A record failed for good and the policy is to stop. */
  failed(slot: number, epoch: number): void {
    this.#failedEpochs[slot] = epoch
    this.refuses = true
    this.closing()
  }

  /** It must not start: its assignment ends with a failure, or an earlier record of its key was handed back. */
  isRefused(ticket: number, slot: number, epoch: number): boolean {
    if (epoch <= (this.#failedEpochs[slot] ?? 0)) return true
    return this.#refused.has(slot, epoch, this.#options.records.key(ticket))
  }

  /** Nothing of this assignment is tried again. */
  isClosing(slot: number, epoch: number): boolean {
    return this.#options.board.isClosing(slot, epoch) || epoch <= (this.#failedEpochs[slot] ?? 0)
  }

  /** Hands back all that waits for another attempt in partitions that are about to go. */
  closing(): void {
    const { board, queue, records, parked, discard } = this.#options
    const isClosing = (ticket: number) =>
      board.attemptOf(ticket) !== records.attempt(ticket) && this.isClosing(records.slot(ticket), records.epoch(ticket))
    const tickets = parked.remove(isClosing)
    // Those that are due and have found no lane yet.
    queue.parkReady(isClosing, (ticket) => tickets.push(ticket))
    for (const ticket of tickets) {
      const key = records.key(ticket)
      this.behind(ticket)
      discard(ticket)
      queue.release(key)
    }
  }

  /** Hands back what waits behind this record, which is handed back itself. */
  behind(ticket: number): void {
    const { queue, records, discard } = this.#options
    const key = records.key(ticket)
    if (key === NO_KEY) return
    const slot = records.slot(ticket)
    const epoch = records.epoch(ticket)
    this.#refused.add(slot, epoch, key)
    this.refuses = true
    queue.withdraw(key, (other) => records.slot(other) === slot && records.epoch(other) <= epoch, discard)
  }
}
