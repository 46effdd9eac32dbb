/**
 * The thread's side of `concurrency: 'auto'`: what became of its lanes goes onto the board, and the limit that main made of it
 * comes back from there. A few additions for each attempt, and nothing is allocated.
 */
import type { KeyedQueue } from '@zk/engine/in-thread'
import type { BoardWriter } from './board.js'

export class LaneMeter {
  readonly #board: BoardWriter
  readonly #queue: KeyedQueue
  #ended = 0
  #succeeded = 0
  #spentMs = 0
  #followed = 0

  constructor(board: BoardWriter, queue: KeyedQueue) {
    this.#board = board
    this.#queue = queue
  }

  /** Before records start. */
  obey(): void {
    this.#queue.concurrency = this.#board.concurrency
  }

  /** After an attempt, or a batch, has given its lane back. @param ms how long it took, in milliseconds */
  ended(ms: number, succeeded: boolean): void {
    this.#ended++
    this.#spentMs += ms
    if (succeeded) this.#succeeded++
    if (this.#queue.ready > 0) this.#followed++
  }

  publish(): void {
    this.#board.publishLanes(this.#ended, this.#succeeded, this.#spentMs, this.#followed)
  }
}
