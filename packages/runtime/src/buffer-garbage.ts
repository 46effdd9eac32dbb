/**
 * Keeps the memory of a slow work flat.
 *
 * Frames are garbage once their records have ended, but V8 hardly counts the bytes behind ArrayBuffers: it
 * lets tens of MiB of them pile up, in each thread. At some hundred messages a second that takes minutes in which the
 * process grows. So garbage is collected after every two MiB of them, and never more than every five seconds: with more
 * traffic than that V8 collects by itself. Buffers that waited in a queue have reached V8's old generation, which only a
 * full collection frees: a small heap gets one, which takes a few milliseconds; of a large one only the young generation is
 * collected.
 */
import { getHeapStatistics, setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

const WORTHWHILE_BYTES = 2 * 1024 * 1024
const PAUSE_MS = 5_000
/** A few milliseconds to collect. */
const SMALL_HEAP_BYTES = 16 * 1024 * 1024

/** Without options everything is collected; in Node 20 any option means the youngest alone. */
type Collect = (options?: { type: 'minor' }) => void

export class BufferGarbage {
  #collect: Collect | undefined
  #bytes = 0
  #last = 0

  /** @param bytes of an ArrayBuffer that will be garbage soon @param now in milliseconds, monotonic */
  expect(bytes: number, now: number): void {
    this.#bytes += bytes
    if (this.#bytes < WORTHWHILE_BYTES || now - this.#last < PAUSE_MS) return
    this.#bytes = 0
    this.#last = now
    const { external_memory, used_heap_size } = getHeapStatistics()
    // V8 has just been there.
    if (external_memory < WORTHWHILE_BYTES) return
    this.#collect ??= collector()
    if (used_heap_size < SMALL_HEAP_BYTES) this.#collect()
    else this.#collect({ type: 'minor' })
  }
}

/**
 * V8 hands its collector to contexts that are made while this flag is set; the one that users see is older. The flag is
 * the whole process's and stays: another thread may be about to make its context.
 */
export function collector(): Collect {
  const { gc } = globalThis as { gc?: Collect }
  if (gc !== undefined) return gc
  setFlagsFromString('--expose-gc')
  return runInNewContext('globalThis.gc') as Collect
}
