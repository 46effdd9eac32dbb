/** How often threads died, and of what. */
import type { DeathCause } from '../threads/thread-end.js'

export class ThreadDeaths {
  readonly #counts: Record<DeathCause, number> = { timeout: 0, 'out-of-memory': 0, crash: 0, exit: 0 }

  count(cause: DeathCause): void {
    this.#counts[cause]++
  }

  /** Each cause, also those that did not happen: a rate needs its zero. */
  get counts(): [DeathCause, number][] {
    return Object.entries(this.#counts) as [DeathCause, number][]
  }
}
