/**
 * A monotonic clock that leaves out the time for which the process stood still: every deadline would lie in the past
 * afterwards, although nobody had the time to meet it.
 *
 * A stopped process sees it in the monotonic clock. That stands still while a machine is suspended, so the clock on the wall
 * is looked at, too; when somebody sets that forward, the group is asked once for nothing.
 */

/** The clock is read at every tick. Longer steps count as this, in milliseconds. */
const LONGEST_STEP_MS = 200

export class WorkClock {
  readonly #machine: () => number
  readonly #wall: () => number
  #read: number
  #readWall: number
  #elapsed = 0
  #stoodStill = 0

  /** @param machine a monotonic clock in milliseconds, and @param wall the one that people set; tests bring their own */
  constructor(machine: () => number = () => performance.now(), wall: () => number = Date.now) {
    this.#machine = machine
    this.#wall = wall
    this.#read = machine()
    this.#readWall = wall()
  }

  /** In milliseconds. Read it at least every 100 ms. */
  now(): number {
    const machine = this.#machine()
    const step = machine - this.#read
    this.#read = machine
    const wall = this.#wall()
    const wallStep = wall - this.#readWall
    this.#readWall = wall
    this.#elapsed += Math.min(step, LONGEST_STEP_MS)
    this.#stoodStill = Math.max(this.#stoodStill, step, wallStep)
    return this.#elapsed
  }

  /** The longest time between two readings since the last call, in milliseconds. */
  takeLongestStep(): number {
    const longest = this.#stoodStill
    this.#stoodStill = 0
    return longest
  }
}
