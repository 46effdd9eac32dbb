/**
 * Records that may not start because a circuit is open: of the whole work, or of their partition. They wait for main's word.
 *
 * A record was published as running before it found that out, and is no longer shown so. One that all have to wait behind is
 * the first to be taken again; one of a single partition lets the others pass, and its key stays closed.
 */
import type { KeyedQueue } from '@zk/engine'
import type { BoardWriter } from './board.js'
import type { ReceivedRecords } from './received-records.js'

export class HeldStarts {
  /** Nothing of any partition starts, as the last start found. */
  all = false
  readonly #board: BoardWriter
  readonly #queue: KeyedQueue
  readonly #records: ReceivedRecords
  /** By the circuits of their partitions. */
  #held: number[] = []

  constructor(board: BoardWriter, queue: KeyedQueue, records: ReceivedRecords) {
    this.#board = board
    this.#queue = queue
    this.#records = records
  }

  /** @param wasTried it waits for another attempt than its first */
  hold(ticket: number, slot: number, wasTried: boolean): void {
    this.#board.unstart(ticket, wasTried)
    if (this.#board.isHeld(slot)) {
      this.#queue.park(this.#records.key(ticket))
      this.#held.push(ticket)
    } else {
      this.#queue.putBack(ticket)
      this.all = true
    }
  }

  /** Those may be taken that are not held any more; those that must not start any more find that out by it. */
  letGo(): void {
    if (this.#held.length === 0) return
    const left: number[] = []
    for (const ticket of this.#held) {
      const slot = this.#records.slot(ticket)
      if (this.#board.isHeld(slot) && !this.#board.isClosing(slot, this.#records.epoch(ticket))) left.push(ticket)
      else this.#queue.unpark(this.#records.key(ticket), ticket)
    }
    this.#held = left
  }
}
