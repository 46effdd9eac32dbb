/**
 * Keeps the process of `zk run` small while it has little to do. V8's young generation grows with what survives its collections,
 * and what was garbage when it got old goes with a full one. Where little is allocated those are rare: a slow work grows for ten
 * minutes, by 30 MiB.
 *
 * Here and not in the work: a program of one's own has a main thread and a heap of its own, which may be large.
 */
import { type EventLoopUtilization, performance } from 'node:perf_hooks'
import { getHeapSpaceStatistics, getHeapStatistics } from 'node:v8'

const EVERY_MS = 60_000
/** What the young generation grows back to in a minute is left alone. */
const LARGE_BYTES = 4 * 1024 * 1024
/** What has come to the heap since it was collected, some of it to stay. */
const GROWN_BYTES = 2 * 1024 * 1024
/** Of a large heap it would take long. */
const LARGE_HEAP_BYTES = 64 * 1024 * 1024
/** A busy main thread needs a large young generation, and has no time. */
const BUSY = 0.2

interface HeapBytes {
  /** What the young generation takes. */
  young: number
  /** In use, young and old. */
  used: number
}

function heapBytes(): HeapBytes {
  const young = getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space')
  return { young: young?.physical_space_size ?? 0, used: getHeapStatistics().used_heap_size }
}

/**
 * As where memory is low. V8's `gc()` leaves the young generation as large as it is, unless next to nothing is allocated.
 * (A Node without its inspector does without.)
 */
async function collectAll(): Promise<void> {
  const { Session } = await import('node:inspector').catch(() => ({ Session: undefined }))
  if (Session === undefined) return
  const session = new Session()
  session.connect()
  await new Promise((resolve) => session.post('HeapProfiler.collectGarbage', resolve))
  // Not in the callback: V8's agent is still at work then.
  session.disconnect()
}

type Collect = () => Promise<void> | void

export class IdleCollection {
  readonly #timer = setInterval(() => this.look(), EVERY_MS).unref()
  readonly #collect: Collect
  readonly #heap: () => HeapBytes
  /** In use after the last collection. */
  #left = 0
  #before: EventLoopUtilization = performance.eventLoopUtilization()

  /** @param collect everything; default: V8, in some 20 ms @param heap of this thread; default: V8's figures */
  constructor(collect: Collect = collectAll, heap: () => HeapBytes = heapBytes) {
    this.#collect = collect
    this.#heap = heap
  }

  look(): void {
    const now = performance.eventLoopUtilization()
    const { utilization } = performance.eventLoopUtilization(now, this.#before)
    this.#before = now
    if (utilization >= BUSY) return
    const { young, used } = this.#heap()
    if (used > LARGE_HEAP_BYTES) return
    if (young > LARGE_BYTES || used >= this.#left + GROWN_BYTES) void this.#shrink()
  }

  async #shrink(): Promise<void> {
    await this.#collect()
    this.#left = this.#heap().used
  }

  stop(): void {
    clearInterval(this.#timer)
  }
}
