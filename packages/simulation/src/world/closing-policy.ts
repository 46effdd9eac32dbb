/** What of a thread's deliveries must not start any more, and what is not tried again. */
import type { SimBoard } from './board.js'
import type { Delivery } from './delivery.js'

export class ClosingPolicy {
  readonly #board: SimBoard
  /** By slot: a record of this epoch failed and the policy is to stop, so that the rest of it is handed back. */
  #failedEpochs: number[] = []

  constructor(board: SimBoard) {
    this.#board = board
  }

  failed({ slot, epoch }: Delivery): void {
    this.#failedEpochs[slot] = epoch
  }

  /** It must not start. */
  isOver(delivery: Delivery): boolean {
    return this.#hasFailed(delivery) || this.#board.isCut(delivery)
  }

  /** It must not be tried again. */
  isClosing(delivery: Delivery): boolean {
    return this.#hasFailed(delivery) || this.#board.isClosing(delivery)
  }

  /** Another thread begins. */
  reset(): void {
    this.#failedEpochs = []
  }

  #hasFailed({ slot, epoch }: Delivery): boolean {
    return epoch <= (this.#failedEpochs[slot] ?? 0)
  }
}
