/**
 * Stops a work from failing record after record while what its handlers call is down.
 *
 * closed → open after so many failures in a row → half-open when its time is up: one record is tried → closed if it
 * succeeds, open again if not. Only final outcomes count, in the order in which they come; an idle time is no outcome.
 * The circuit breaker of Nygard, Release It! (2007).
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

  /** The outcome of a record that started since the last change of state. */
  count(failed: boolean): void {
    if (this.#state === 'open') throw new Error('nothing starts while a circuit is open')
    this.#failures = failed ? this.#failures + 1 : 0
    if (failed && (this.#state === 'half-open' || this.#failures >= this.#options.after)) {
      this.#state = 'open'
      this.#until = undefined
    } else if (!failed) this.#state = 'closed'
  }

  /** Half-open once its time is up, which begins with the first look. @param now a monotonic clock in milliseconds */
  look(now: number): void {
    if (this.#state !== 'open') return
    this.#until ??= now + this.#options.forMs
    if (now >= this.#until) this.#state = 'half-open'
  }
}
