/**
 * Whether the event loop of each thread turns, and how busy it is, looked at from outside once a second: a thread that
 * spins could not tell.
 *
 * A loop that turns is idle for a moment now and then, or ends records. One that does neither in a whole second is held up
 * by a handler that computes or waits in a blocking call.
 */

/** Shorter windows say little. */
const WINDOW_MS = 1_000

export interface LoopTimes {
  /** Milliseconds of the thread's life in which its event loop waited for something to do. */
  idle: number
  active: number
}

interface Sample extends LoopTimes {
  at: number
  ended: number
}

/** What one window showed. */
interface Look {
  /** When the window began. */
  from: number
  turned: boolean
  progressed: boolean
  busy: number
}

export interface ThreadLoopsOptions {
  threads: number
  /** Undefined while there is no thread in the place. */
  timesOf(thread: number): LoopTimes | undefined
  /** Records that the thread has ended. */
  endedBy(thread: number): number
}

export class ThreadLoops {
  readonly #options: ThreadLoopsOptions
  readonly #samples: (Sample | undefined)[]
  readonly #looks: (Look | undefined)[]
  #next = Number.NEGATIVE_INFINITY

  constructor(options: ThreadLoopsOptions) {
    this.#options = options
    this.#samples = new Array(options.threads).fill(undefined)
    this.#looks = new Array(options.threads).fill(undefined)
  }

  /** @param now main's monotonic clock in milliseconds */
  tick(now: number): void {
    if (now < this.#next) return
    this.#next = now + WINDOW_MS
    for (let thread = 0; thread < this.#samples.length; thread++) {
      const times = this.#options.timesOf(thread)
      const before = this.#samples[thread]
      const sample = times && { idle: times.idle, active: times.active, at: now, ended: this.#options.endedBy(thread) }
      this.#samples[thread] = sample
      this.#looks[thread] = compare(before, sample)
    }
  }

  /**
   * Whether the loop turned in the last window.
   * @returns undefined when no window lies wholly behind `since` yet
   */
  turns(thread: number, since: number): boolean | undefined {
    const look = this.#looks[thread]
    return look === undefined || look.from < since ? undefined : look.turned
  }

  /** Whether the thread ended records in the last window. */
  progresses(thread: number): boolean {
    return this.#looks[thread]?.progressed ?? false
  }

  /** Share of the last window in which the loop was busy, 0 to 1. */
  busy(thread: number): number {
    return this.#looks[thread]?.busy ?? 0
  }
}

function compare(before: Sample | undefined, now: Sample | undefined): Look | undefined {
  if (before === undefined || now === undefined) return undefined
  const idle = now.idle - before.idle
  const active = now.active - before.active
  // Another thread in the same place: its times began anew.
  if (idle < 0 || active < 0) return undefined
  const progressed = now.ended > before.ended
  return {
    from: before.at,
    turned: idle > 0 || progressed,
    progressed,
    busy: idle + active > 0 ? active / (idle + active) : 0,
  }
}
