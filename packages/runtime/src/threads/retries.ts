/** When a record whose handler failed is tried again, and which ones wait for that in a thread. */

export interface RetryPolicy {
  /** Of one record, the first included. */
  attempts: number
  /** Before the second attempt, in milliseconds; it doubles with each one more. */
  backoffMs: number
  maxBackoffMs: number
  /** Share of the backoff that is left to chance, 0 to 1, so that what failed together is not tried again together. */
  jitter: number
}

/** From one millisecond they lead beyond any `maxBackoffMs`. */
const MAX_DOUBLINGS = 32

/** @param attempt the one that failed, 1 for the first @param random 0 to 1 */
export function backoffMs(policy: Omit<RetryPolicy, 'attempts'>, attempt: number, random = Math.random()): number {
  // Of a high attempt the power is infinite, and no backoff times infinity is no number.
  const full = Math.min(policy.maxBackoffMs, policy.backoffMs * 2 ** Math.min(attempt - 1, MAX_DOUBLINGS))
  return full * (1 - policy.jitter * random)
}

/** Tickets that wait for their next attempt: a heap by the time when it is due, and one timer for the earliest. */
export class ParkedRecords {
  readonly #due: Float64Array
  readonly #wake: () => void
  #heap: number[] = []
  #timer: NodeJS.Timeout | undefined
  #timerAt = Number.POSITIVE_INFINITY

  /** @param capacity tickets are below it @param wake the earliest one is due */
  constructor(capacity: number, wake: () => void) {
    this.#due = new Float64Array(capacity)
    this.#wake = wake
  }

  /** When the earliest attempt is due, on the thread's clock; infinity when none waits. Asked before each start. */
  earliest = Number.POSITIVE_INFINITY

  add(ticket: number, due: number): void {
    this.#due[ticket] = due
    let at = this.#heap.push(ticket) - 1
    while (at > 0) {
      const above = (at - 1) >> 1
      if (this.#due[this.#heap[above]!]! <= due) break
      this.#heap[at] = this.#heap[above]!
      at = above
    }
    this.#heap[at] = ticket
    this.#changed()
  }

  /** @returns -1 when none is due */
  takeDue(now: number): number {
    if (now < this.earliest) return -1
    const ticket = this.#heap[0]!
    const last = this.#heap.pop()!
    if (this.#heap.length > 0) this.#sink(last)
    this.#changed()
    return ticket
  }

  /** Takes out those that `matches`, in no order. */
  remove(matches: (ticket: number) => boolean): number[] {
    const removed: number[] = []
    const left: number[] = []
    for (const ticket of this.#heap) (matches(ticket) ? removed : left).push(ticket)
    if (removed.length === 0) return removed
    this.#heap = left.sort((a, b) => this.#due[a]! - this.#due[b]!)
    this.#changed()
    return removed
  }

  #sink(ticket: number): void {
    const heap = this.#heap
    const due = this.#due[ticket]!
    let at = 0
    for (;;) {
      let below = 2 * at + 1
      if (below >= heap.length) break
      if (below + 1 < heap.length && this.#due[heap[below + 1]!]! < this.#due[heap[below]!]!) below++
      if (this.#due[heap[below]!]! >= due) break
      heap[at] = heap[below]!
      at = below
    }
    heap[at] = ticket
  }

  #changed(): void {
    this.earliest = this.#heap.length === 0 ? Number.POSITIVE_INFINITY : this.#due[this.#heap[0]!]!
    this.#rearm()
  }

  #rearm(): void {
    if (this.earliest >= this.#timerAt) return
    clearTimeout(this.#timer)
    this.#timerAt = this.earliest
    this.#timer = setTimeout(this.#onTimer, Math.ceil(this.earliest - performance.now()))
  }

  readonly #onTimer = () => {
    this.#timerAt = Number.POSITIVE_INFINITY
    // A timer may come a little early; and whoever looks at the clock twice may see it pass in between.
    if (this.earliest > performance.now()) this.#rearm()
    // What is due and may not start all the same, because starts are paused, waits for whoever resumes them.
    else this.#wake()
  }
}
