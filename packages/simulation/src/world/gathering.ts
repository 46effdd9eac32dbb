/**
 * What a thread puts into its next batch, record by record: each is shown as running and finds out whether it may start, before
 * the handler is called with all. As threads/batch-start.ts of the runtime does it, which always goes on for as long as it can.
 */
import type { SimBoard } from './board.js'
import type { Delivery } from './delivery.js'
import type { Run } from './handlers.js'
import type { ThreadQueue } from './thread-queue.js'

export class Gathering {
  readonly #size: number
  readonly #board: SimBoard
  #admitted: Delivery[] = []
  /** Of each key in the batch the latest: more of it may follow, in turn. */
  #heads: Delivery[] = []
  /** Behind which the one was taken that is about to start. */
  #behind: Delivery | undefined
  #isAlone = false

  /** @param size records in a batch, at most */
  constructor(size: number, board: SimBoard) {
    this.#size = size
    this.#board = board
  }

  get isEmpty(): boolean {
    return this.#admitted.length === 0
  }

  get isBehind(): boolean {
    return this.#behind !== undefined
  }

  some(matches: (delivery: Delivery) => boolean): boolean {
    return this.#admitted.some(matches)
  }

  /** Takes the next record for it. @returns undefined where it has all that it can have */
  next(queue: ThreadQueue): Delivery | undefined {
    this.#behind = undefined
    if (this.#admitted.length === this.#size || this.#isAlone) return undefined
    const delivery = queue.take()
    if (delivery !== undefined) {
      const isAlone = this.#mustBeAlone(delivery)
      if (isAlone && !this.isEmpty) {
        queue.putBack(delivery)
        return undefined
      }
      this.#isAlone = isAlone
      return delivery
    }
    while (this.#heads.length > 0) {
      const head = this.#heads[0]!
      const behind = queue.takeBehind(head)
      if (behind !== undefined && !behind.alone) {
        this.#heads.shift()
        this.#behind = head
        return behind
      }
      if (behind !== undefined) queue.putBehind([behind])
      this.#heads.shift()
    }
    return undefined
  }

  /** The one that was taken may start. @returns the batch that it is in */
  admit(delivery: Delivery): Run {
    this.#admitted.push(delivery)
    this.#heads.push(delivery)
    return this.#admitted
  }

  /** The one that was taken does not start now. */
  passed(): void {
    if (this.isEmpty) this.#isAlone = false
  }

  /** What the handler is given: as it was sent. */
  complete(): Run {
    const run = this.#admitted.sort((a, b) => (a.sequence - b.sequence) | 0)
    this.#admitted = []
    this.#heads = []
    this.#isAlone = false
    this.#behind = undefined
    return run
  }

  #mustBeAlone(delivery: Delivery): boolean {
    // A circuit's probe is one record.
    return delivery.alone || !this.#board.isFree(delivery.slot)
  }
}
