/**
 * What an earlier owner of a partition had finished above the offset that it committed.
 *
 * Ranges are flat: `[from, to, from, to, …]`, ascending, `to` not included. They may span offsets that hold no record.
 * Records come in offset order, so that a cursor answers in O(1).
 */
export class FinishedRanges {
  readonly #bounds: readonly number[]
  /** Index of the first bound above every offset that was asked for. */
  #next = 0

  constructor(bounds: readonly number[]) {
    this.#bounds = bounds
  }

  /** Whether the record was finished. Offsets must be asked for ascending. */
  has(offset: number): boolean {
    while (this.#next < this.#bounds.length && this.#bounds[this.#next]! <= offset) this.#next++
    return this.#next % 2 === 1
  }

  /** Nothing lies above what was asked for last. */
  get isPassed(): boolean {
    return this.#next === this.#bounds.length
  }

  /** The part at or above an offset. */
  from(offset: number): number[] {
    const rest: number[] = []
    for (let i = 0; i < this.#bounds.length; i += 2) {
      const to = this.#bounds[i + 1]!
      if (to > offset) rest.push(Math.max(this.#bounds[i]!, offset), to)
    }
    return rest
  }
}
