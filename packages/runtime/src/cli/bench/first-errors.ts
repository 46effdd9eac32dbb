/**
 * The errors that a measured work logs, the first of each kind: a processor that fails on every message would fill the terminal, and
 * to write it all would take the main thread's time.
 */
import type { Logger, LogMethod } from '../../log/logger.js'

const EACH = 3

export class FirstErrors {
  readonly #logger: Logger
  /** By sentence. */
  readonly #counts = new Map<string, number>()

  constructor(logger: Logger) {
    this.#logger = logger
  }

  /** What is below errors goes nowhere. */
  get logger(): Logger {
    const nowhere: LogMethod = () => {}
    const error: LogMethod = (first: object | string, message?: string) => {
      const sentence = typeof first === 'string' ? first : (message ?? '')
      const count = (this.#counts.get(sentence) ?? 0) + 1
      this.#counts.set(sentence, count)
      if (count > EACH) return
      if (typeof first === 'string') this.#logger.error(first)
      else this.#logger.error(first, message)
    }
    return { trace: nowhere, debug: nowhere, info: nowhere, warn: nowhere, error, fatal: error }
  }

  /** Writes how many more there were. */
  end(): void {
    for (const [sentence, count] of this.#counts) {
      if (count > EACH) this.#logger.error({ count: count - EACH }, `${count - EACH} more: ${sentence}`)
    }
    this.#counts.clear()
  }
}
