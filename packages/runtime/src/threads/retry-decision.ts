/** What the error of a handler asks for: whether it is tried again, and what its final failure must not do. */
import { FailureFlag } from '@zk/engine/in-thread'
import type { Logger } from '../log/logger.js'
import { processErrorIn } from '../process-error.js'
import type { ProcessorParts } from '../processor-types.js'

/** Lines about retries that a thread writes a second: what they call may be down, and then everything is retried. */
const LINES = 10
const WINDOW_MS = 1_000

export interface Verdict {
  retryable: boolean
  /** `FailureFlag`s. */
  flags: number
}

export class RetryDecision {
  readonly #processor: Pick<ProcessorParts, 'retryable'>
  #toldOfThrow = false
  #window = { until: 0, lines: 0, left: 0 }

  constructor(processor: Pick<ProcessorParts, 'retryable'>) {
    this.#processor = processor
  }

  /** @param log of the record */
  judge(error: unknown, mayRetry: boolean, log: () => Logger): Verdict {
    const said = processErrorIn(error)
    const deadLetter = said?.disableDeadLetter === true ? FailureFlag.noDeadLetter : 0
    const breaker = said?.disableCircuitBreak === true ? FailureFlag.noCircuitBreak : 0
    const retryable = mayRetry && said?.retryable !== false && this.#processorAgrees(error, log)
    return { retryable, flags: deadLetter | breaker }
  }

  /** An attempt has failed, and another follows. */
  tell(fields: { err: unknown; attempt: number; attempts: number; backoffMs: number }, now: number, log: () => Logger) {
    const { attempt, attempts, backoffMs } = fields
    this.warn(fields, `Attempt ${attempt} of ${attempts} failed; the next one follows in ${backoffMs} ms`, now, log)
  }

  /** Some lines a second; the next one says how many were left out. */
  warn(fields: object, message: string, now: number, log: () => Logger): void {
    if (now >= this.#window.until) this.#window = { until: now + WINDOW_MS, lines: 0, left: this.#window.left }
    if (this.#window.lines++ >= LINES) {
      this.#window.left++
      return
    }
    const { left } = this.#window
    this.#window.left = 0
    log().warn({ ...fields, ...(left > 0 && { notLogged: left }) }, message)
  }

  #processorAgrees(error: unknown, log: () => Logger): boolean {
    if (this.#processor.retryable === undefined) return true
    try {
      const answer: unknown = this.#processor.retryable(error)
      if (typeof (answer as PromiseLike<unknown> | undefined)?.then !== 'function') return answer !== false
      // What it rejects with would end the thread.
      Promise.resolve(answer).catch(() => {})
      throw new TypeError('it returned a promise, and its answer is needed at once')
    } catch (fault) {
      if (!this.#toldOfThrow) {
        this.#toldOfThrow = true
        log().warn({ err: fault }, 'retryable() of the processor gave no answer; the record is tried again (told once)')
      }
      return true
    }
  }
}
