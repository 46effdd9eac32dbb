/** How often threads died, and of what. */
import type { ThreadCause } from '../threads/thread.js'

/** `out-of-memory`: its heap passed `maxHeapMb`. `crash`: an error outside of a handler. `exit`: process.exit, or nobody knows. */
export type DeathCause = 'out-of-memory' | 'crash' | 'exit'

export class ThreadDeaths {
  readonly #counts: Record<DeathCause, number> = { 'out-of-memory': 0, crash: 0, exit: 0 }

  count(cause: ThreadCause): void {
    this.#counts[deathCause(cause)]++
  }

  /** Each cause, also those that did not happen: a rate needs its zero. */
  get counts(): [DeathCause, number][] {
    return Object.entries(this.#counts) as [DeathCause, number][]
  }
}

/** piscina's own words when no error came before the exit. */
const EXITED = /^worker exited with code/

function deathCause(cause: ThreadCause): DeathCause {
  if (cause === undefined || EXITED.test(cause.message)) return 'exit'
  return (cause as { code?: unknown }).code === 'ERR_WORKER_OUT_OF_MEMORY' ? 'out-of-memory' : 'crash'
}
