/**
 * A monotonic clock that leaves out the time for which the process stood still (SIGSTOP, a suspended machine): every
 * deadline would lie in the past afterwards, although nobody had the time to meet it.
 */

/** The clock is read at every tick. Longer steps count as this, in milliseconds. */
const LONGEST_STEP_MS = 200

export class WorkClock {
  readonly #machine: () => number
  #read: number
  #elapsed = 0
  #stoodStill = 0

  /** @param machine a monotonic clock in milliseconds; tests bring their own */
  constructor(machine: () => number = () => performance.now()) {
    this.#machine = machine
    this.#read = machine()
  }

  /** In milliseconds. Read it at least every 100 ms. */
  now(): number {
    const machine = this.#machine()
    const step = machine - this.#read
    this.#read = machine
    this.#elapsed += Math.min(step, LONGEST_STEP_MS)
    this.#stoodStill = Math.max(this.#stoodStill, step)
    return this.#elapsed
  }

  /** The longest time between two readings since the last call, in milliseconds. */
  takeLongestStep(): number {
    const longest = this.#stoodStill
    this.#stoodStill = 0
    return longest
  }
}
