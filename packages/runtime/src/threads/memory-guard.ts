/** Ends threads that hold more outside of their heaps than `maxExternalMb`. */
import { errors } from '../errors.js'
import type { Board } from './board.js'
import type { ThreadEnd } from './thread-end.js'

const MiB = 1024 * 1024

export interface MemoryGuardOptions {
  /** Undefined: no limit. */
  maxExternalMb: number | undefined
  threads: {
    readonly boards: readonly Pick<Board, 'externalBytes'>[]
    isUp(thread: number): boolean
    end(thread: number, end: ThreadEnd): void
  }
}

export class MemoryGuard {
  readonly #options: MemoryGuardOptions
  /** Told to end, and not gone yet. */
  readonly #ending = new Set<number>()

  constructor(options: MemoryGuardOptions) {
    this.#options = options
  }

  look(): void {
    const { maxExternalMb, threads } = this.#options
    if (maxExternalMb === undefined) return
    for (const [thread, { externalBytes }] of threads.boards.entries()) {
      const tooMuch = threads.isUp(thread) && externalBytes > maxExternalMb * MiB
      if (!tooMuch) this.#ending.delete(thread)
      else if (!this.#ending.has(thread)) {
        this.#ending.add(thread)
        const why = `it held ${Math.ceil(externalBytes / MiB)} MiB outside of its heap (maxExternalMb: ${maxExternalMb})`
        const error = errors.ZK_THREAD_DIED(thread, 'out-of-memory', why)
        threads.end(thread, { planned: false, cause: 'out-of-memory', error, guilty: undefined })
      }
    }
  }
}
