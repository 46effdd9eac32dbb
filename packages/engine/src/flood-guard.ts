/**
 * Notices when too many records become dead letters: then their cause is seldom in the records.
 *
 * It looks at the latest outcomes, as many as its window, once there are a hundred or the window is full.
 */
const MIN_OUTCOMES = 100

export interface FloodGuardOptions {
  /** Above this part of dead letters it trips; from 0 (none may be) to 1 (all may be). */
  maxRatio: number
  /** Outcomes that count, the latest ones; at least 1. */
  window: number
}

export class FloodGuard {
  readonly #maxRatio: number
  /** A ring, 1 for a dead letter. */
  readonly #outcomes: Uint8Array
  #next = 0
  #seen = 0
  #letters = 0

  constructor({ maxRatio, window }: FloodGuardOptions) {
    this.#maxRatio = maxRatio
    this.#outcomes = new Uint8Array(window)
  }

  /** The latest outcomes that count, and how many of them were dead letters. */
  get counts(): { outcomes: number; letters: number } {
    return { outcomes: this.#seen, letters: this.#letters }
  }

  /**
   * A record has ended.
   * @returns whether that is one dead letter too many
   */
  record(isDeadLetter: boolean): boolean {
    const outcome = isDeadLetter ? 1 : 0
    this.#letters += outcome - this.#outcomes[this.#next]!
    this.#outcomes[this.#next] = outcome
    this.#next = (this.#next + 1) % this.#outcomes.length
    if (this.#seen < this.#outcomes.length) this.#seen++
    // A success makes nothing worse.
    if (!isDeadLetter || this.#seen < Math.min(MIN_OUTCOMES, this.#outcomes.length)) return false
    return this.#letters > this.#maxRatio * this.#seen
  }
}
