/** The tracker that one writes first: the offsets that were opened, in order, and a Map of those that have ended. */
export class NaiveTracker {
  /** Ascending; those below `#lowest` are done with. */
  #open: number[] = []
  #lowest = 0
  readonly #finished = new Map<number, true>()

  /** Ascending. */
  open(offset: number): void {
    this.#open.push(offset)
  }

  finish(offset: number): void {
    this.#finished.set(offset, true)
    while (this.#lowest < this.#open.length && this.#finished.delete(this.#open[this.#lowest]!)) this.#lowest++
    // Without this it would grow for ever; done seldom, for it copies all that is open.
    if (this.#lowest > 1_000 && this.#lowest * 2 > this.#open.length) {
      this.#open = this.#open.slice(this.#lowest)
      this.#lowest = 0
    }
  }

  /** The lowest offset that is not finished; undefined when nothing is open. */
  get watermark(): number | undefined {
    return this.#open[this.#lowest]
  }
}
