/**
 * Keeps the process of `zk run` small while it has little to do. V8's young generation grows with what survives its collections,
 * and shrinks at a full one. Where little is allocated those are rare: a slow work grows for ten minutes, by 30 MiB.
 *
 * Here and not in the work: a program of one's own has a main thread and a heap of its own, which may be large.
 */
import { type EventLoopUtilization, performance } from 'node:perf_hooks'
import { getHeapSpaceStatistics } from 'node:v8'
import { collector } from '../buffer-garbage.js'

const EVERY_MS = 60_000
/** What it grows back to in a minute is left alone. */
const LARGE_BYTES = 4 * 1024 * 1024
/** A busy main thread allocates so much that V8 would not let its young generation shrink; nor has it the time. */
const BUSY = 0.2

export class IdleCollection {
  readonly #timer = setInterval(() => this.look(), EVERY_MS).unref()
  readonly #collect: () => void
  #before: EventLoopUtilization = performance.eventLoopUtilization()

  /** @param collect everything; default: V8's collector, some 20 ms */
  constructor(collect: () => void = () => collector()()) {
    this.#collect = collect
  }

  look(): void {
    const now = performance.eventLoopUtilization()
    const { utilization } = performance.eventLoopUtilization(now, this.#before)
    this.#before = now
    const young = getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space')
    if (utilization < BUSY && young !== undefined && young.physical_space_size > LARGE_BYTES) this.#collect()
  }

  stop(): void {
    clearInterval(this.#timer)
  }
}
