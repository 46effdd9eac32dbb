/**
 * Times that count for no deadline: the process stood still, so that nobody had the time to meet it, or somebody was
 * looking at it with a debugger.
 */

/** The clock is read at least every 100 ms. A step longer than this means that the process stood still, in milliseconds. */
const LONGEST_STEP_MS = 200

export class StandStills {
  #spans: { from: number; until: number }[] = []
  #read: number | undefined

  /**
   * Call at least every 100 ms.
   * @param now a monotonic clock in milliseconds @param counts false: the time since the last call counts for no deadline
   */
  look(now: number, counts: boolean): void {
    const from = this.#read ?? now
    this.#read = now
    // The whole step: threads wake up with main, and need a moment to answer.
    if (!counts || now - from > LONGEST_STEP_MS) this.#add(from, now)
  }

  /** How much of the time since then does not count, in milliseconds. */
  since(from: number): number {
    let sum = 0
    for (const span of this.#spans) sum += Math.max(0, span.until - Math.max(from, span.from))
    return sum
  }

  /** Nobody will ask for times before this one. */
  forget(before: number): void {
    this.#spans = this.#spans.filter(({ until }) => until > before)
  }

  #add(from: number, until: number): void {
    const last = this.#spans.at(-1)
    if (last !== undefined && last.until >= from) last.until = until
    else this.#spans.push({ from, until })
  }
}
