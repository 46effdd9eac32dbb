/**
 * What a thread holds outside of its heap, mostly Buffers, told to main by the board: V8's limits do not count it.
 *
 * Garbage is counted as long as nobody has collected it, and V8 is in no hurry with it (see buffer-garbage.ts). So before a
 * thread says that it has passed its limit, it collects once.
 */
import { performance } from 'node:perf_hooks'
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
  #timer: NodeJS.Timeout | undefined

  constructor(board: BoardWriter, maxMb: number | undefined) {
    this.#board = board
    this.#maxBytes = maxMb === undefined ? Number.POSITIVE_INFINITY : maxMb * 1024 * 1024
  }

  /**
   * A handler is under way that goes on between turns of the event loop, and may take more and more meanwhile: it is looked at
   * until `isPending` says that none is. A handler that returned no promise costs nothing here.
   */
  lookWhile(isPending: () => boolean): void {
    if (this.#maxBytes === Number.POSITIVE_INFINITY || this.#timer !== undefined) return
    this.#timer = setTimeout(() => {
      this.look(performance.now())
      if (isPending()) this.#timer!.refresh()
      else this.#timer = undefined
    }, LOOK_MS).unref()
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
