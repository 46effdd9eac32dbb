/** What `zk bench` counts of the records that complete, since it was last cleared. */
import type { Meter } from '../../work/meter.js'
import { Histogram } from './histogram.js'

export interface CompletionMeterOptions {
  threads: number
  /** How many records of the run end the measurement by themselves; undefined where none do. */
  target: number | undefined
  /** Whether records are timed end to end: of a backlog that would only say how long it has lain there. */
  isPaced: boolean
}

export class CompletionMeter implements Meter {
  /** Microseconds in the handler. */
  readonly handler = new Histogram()
  /** Microseconds from the record's timestamp, whose resolution is a millisecond, until the main thread hears of its end. */
  readonly endToEnd = new Histogram()
  /** Microseconds that handlers of each thread were in progress, of several at once all of theirs. */
  readonly microsOf: Float64Array
  readonly #target: number | undefined
  readonly #isPaced: boolean
  #count = 0
  #total = 0
  #targetAt: number | undefined

  constructor({ threads, target, isPaced }: CompletionMeterOptions) {
    this.microsOf = new Float64Array(threads)
    this.#target = target
    this.#isPaced = isPaced
  }

  /** Records since the last `clear`. */
  get count(): number {
    return this.#count
  }

  /** Records of the whole run. */
  get total(): number {
    return this.#total
  }

  /** When the target was reached, by `performance.now()`; undefined before. */
  get targetAt(): number | undefined {
    return this.#targetAt
  }

  completed(thread: number, micros: number, timestamp: number): void {
    this.#count++
    this.#total++
    // Asked for the time here only: it would be most of what counting costs.
    if (this.#total === this.#target) this.#targetAt = performance.now()
    if (micros >= 0) {
      this.handler.add(micros)
      this.microsOf[thread]! += micros
    }
    if (this.#isPaced) this.endToEnd.add((performance.timeOrigin + performance.now() - timestamp) * 1_000)
  }

  clear(): void {
    this.handler.clear()
    this.endToEnd.clear()
    this.microsOf.fill(0)
    this.#count = 0
  }
}
