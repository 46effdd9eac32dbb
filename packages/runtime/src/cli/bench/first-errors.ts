/**
 * The errors that a measured work logs, the first of each kind: a processor that fails on every message would fill the terminal, and
 * to write it all would take the main thread's time.
 */
import type { Logger, LogMethod } from '../../log/logger.js'

const EACH = 3
/** A processor may log sentences of its own that are never the same. */
const KINDS = 20
const OTHERS = 'errors of other kinds'

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
      const kind = this.#counts.has(sentence) || this.#counts.size < KINDS ? sentence : OTHERS
      const count = (this.#counts.get(kind) ?? 0) + 1
      this.#counts.set(kind, count)
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
