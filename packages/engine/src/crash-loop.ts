/**
 * Notices a thread that dies again and again while it runs nothing: nobody can be blamed for it, and the next thread would
 * die as well.
 */

/** Deaths in a row, with nothing ended in between. */
const DEATHS = 3

export class CrashLoop {
  readonly #deaths = new Map<number, number>()

  /** The thread died and ran nothing. @returns how often in a row, when that is too often */
  died(thread: number): number | undefined {
    const deaths = (this.#deaths.get(thread) ?? 0) + 1
    this.#deaths.set(thread, deaths)
    return deaths >= DEATHS ? deaths : undefined
  }

  /** The thread has ended some record: its next death would be a new one. */
  progressed(thread: number): void {
    if (this.#deaths.size > 0) this.#deaths.delete(thread)
  }
}
