/**
 * Keeps the memory of a slow work flat.
 *
 * Frames and small blocks are garbage once their records have ended, but V8 hardly counts the bytes behind ArrayBuffers: it
 * lets tens of MiB of them pile up, in each thread. At some hundred messages a second that takes minutes in which the
 * process grows. So the young generation is collected after every few MiB of them: a millisecond's work, and never more
 * than once a second, because with more traffic than that V8 collects by itself.
 */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

const WORTHWHILE_BYTES = 2 * 1024 * 1024
const PAUSE_MS = 1_000

type Collect = (options: { type: 'minor' }) => void

export class YoungGarbage {
  #collect: Collect | undefined
  #bytes = 0
  #last = 0

  /** @param bytes of an ArrayBuffer that will be garbage soon @param now in milliseconds, monotonic */
  expect(bytes: number, now: number): void {
    this.#bytes += bytes
    if (this.#bytes < WORTHWHILE_BYTES || now - this.#last < PAUSE_MS) return
    this.#bytes = 0
    this.#last = now
    this.#collect ??= collector()
    this.#collect?.({ type: 'minor' })
  }
}

/**
 * V8 hands its collector to contexts that are made while this flag is set; the one that users see is older.
 *
 * @returns undefined when another thread has just taken the flag back: the next time will do
 */
function collector(): Collect | undefined {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('globalThis.gc') as Collect | undefined
  setFlagsFromString('--no-expose-gc')
  return collect
}
