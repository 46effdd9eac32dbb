/**
 * Stops a work from failing record after record while what its handlers call is down.
 *
 * closed → open after so many failures in a row → half-open when its time is up: one record is tried → closed if it
 * succeeds, open again if not. Outcomes count in the order in which they come, and an idle time is none. The circuit breaker
 * of Nygard, Release It! (2007).
 */
import type { CircuitState } from './effects.js'

export interface CircuitBreakerOptions {
  /** Failures in a row that open it. */
  after: number
  /** How long it stays open, in milliseconds. */
  forMs: number
}

export class CircuitBreaker {
  readonly #options: CircuitBreakerOptions
  #state: CircuitState = 'closed'
  #failures = 0
  /** Undefined from its opening to the next look, which knows the time. */
  #until: number | undefined

  constructor(options: CircuitBreakerOptions) {
    this.#options = options
  }

  get state(): CircuitState {
    return this.#state
  }

  /** A success would change nothing: nearly always, and asked for each record. */
  get isCalm(): boolean {
    return this.#failures === 0 && this.#state === 'closed'
  }

  /** An outcome of what has started since it opened last: a final one, or that of a probe. */
  count(failed: boolean): void {
    if (this.#state === 'open') throw new Error('nothing starts while a circuit is open')
    if (!failed) {
      this.#failures = 0
      this.#state = 'closed'
      return
    }
    this.#failures++
    // Half-open it is one more in a row that was long enough.
    if (this.#failures < this.#options.after) return
    this.#state = 'open'
    this.#until = undefined
  }

  /** Half-open once its time is up, which begins with the first look. @param now a monotonic clock in milliseconds */
  look(now: number): void {
    if (this.#state !== 'open') return
    this.#until ??= now + this.#options.forMs
    if (now >= this.#until) this.#state = 'half-open'
  }
}
