/**
 * What a thread holds outside of its heap, mostly Buffers, told to main by the board: V8's limits do not count it.
 *
 * Garbage is counted as long as nobody has collected it, and V8 is in no hurry with it (see buffer-garbage.ts). So before a
 * thread says that it has passed its limit, it collects once.
 */
import { getHeapStatistics } from 'node:v8'
import { collector } from '../buffer-garbage.js'
import type { BoardWriter } from './board.js'

/** How often it is looked at, in milliseconds. */
const LOOK_MS = 100
/** A full collection stops the thread: at most so often. */
const COLLECT_MS = 1_000

export class ExternalMemory {
  readonly #board: BoardWriter
  readonly #maxBytes: number
  #next = 0
  #nextCollection = 0

  constructor(board: BoardWriter, maxMb: number | undefined) {
    this.#board = board
    this.#maxBytes = maxMb === undefined ? Number.POSITIVE_INFINITY : maxMb * 1024 * 1024
  }

  /** @param now in milliseconds, monotonic */
  look(now: number): void {
    if (now < this.#next) return
    this.#next = now + LOOK_MS
    let bytes = getHeapStatistics().external_memory
    if (bytes > this.#maxBytes) {
      if (now < this.#nextCollection) return
      this.#nextCollection = now + COLLECT_MS
      collector()()
      bytes = getHeapStatistics().external_memory
    }
    this.#board.publishExternal(bytes)
  }
}
