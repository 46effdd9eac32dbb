/**
 * Errors of hooks in a thread, on their way to the main thread, which counts and logs them. A hook may fail for each record:
 * what is posted, as the acks of their
 * records are, is the first error of each hook since the last time, and how many there were.
 */
import { type DescribedError, describeError } from '../describe-error.js'

const FLUSH_MS = 100

export interface HookFault {
  hook: string
  /** Errors of this hook since the last report; this is the first of them. */
  times: number
  error: DescribedError
  topic: string
  partition: number
  offset: number
}

export class HookFaults {
  readonly #post: (faults: HookFault[]) => void
  readonly #waiting = new Map<string, HookFault>()
  #flushedAt = Number.NEGATIVE_INFINITY
  #timer: NodeJS.Timeout | undefined

  constructor(post: (faults: HookFault[]) => void) {
    this.#post = post
  }

  add(
    hook: string,
    error: unknown,
    { topic, partition, offset }: { topic: string; partition: number; offset: number },
  ): void {
    const fault = this.#waiting.get(hook)
    if (fault !== undefined) fault.times++
    else this.#waiting.set(hook, { hook, times: 1, error: describeError(error), topic, partition, offset })
    // By the clock too: handlers that follow each other without a turn of the event loop let no timer fire.
    if (performance.now() - this.#flushedAt >= FLUSH_MS) this.flush()
    else this.#timer ??= setTimeout(() => this.flush(), FLUSH_MS).unref()
  }

  /** What waits is posted now: before the thread ends, too. */
  flush(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (this.#waiting.size === 0) return
    this.#flushedAt = performance.now()
    this.#post([...this.#waiting.values()])
    this.#waiting.clear()
  }
}
