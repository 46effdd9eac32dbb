/** What became of the dead letters, counted, and told without flooding the log. */
import type { DeliveryError } from '../kafka/delivery-error.js'
import type { Logger } from '../log/logger.js'
import type { DeadLetter } from './dead-letter.js'

/** While the topic refuses, one line in so long. */
const LOG_EVERY_MS = 10_000

export interface DeadLetterHealth {
  readonly topic: string
  /** Letters that are not acknowledged yet. */
  readonly waiting: number
  /** How long the oldest of them has waited, milliseconds; undefined without any. */
  readonly oldestMs: number | undefined
  /** How long nothing has been written and something was refused, milliseconds; undefined when all is well. */
  readonly refusingMs: number | undefined
  /** The last refusal's, while it lasts. */
  readonly reason: string | undefined
  readonly written: number
  /** Tries that failed, whose letters are tried again. */
  readonly refused: number
  /** Tries that were made after a backoff. */
  readonly retried: number
  /** Refusals of records that the broker may have all the same: only those may be there twice. */
  readonly uncertain: number
}

export class RefusalLog {
  readonly #topic: string
  readonly #logger: Logger
  #written = 0
  #refused = 0
  #retried = 0
  #uncertain = 0
  /** Of the monotonic clock. */
  #since: number | undefined
  #reason: string | undefined
  #loggedAt = Number.NEGATIVE_INFINITY
  /** Since the last line. */
  #unlogged = 0

  constructor(topic: string, logger: Logger) {
    this.#topic = topic
    this.#logger = logger
  }

  written(): void {
    this.#written++
    if (this.#since === undefined) return
    const ms = Math.round(performance.now() - this.#since)
    this.#logger.info({ deadLetterTopic: this.#topic, ms }, 'The dead letter topic takes records again')
    this.#since = undefined
    this.#reason = undefined
    this.#loggedAt = Number.NEGATIVE_INFINITY
  }

  refused({ topic, partition, offset }: DeadLetter, error: DeliveryError): void {
    this.#refused++
    this.#unlogged++
    if (error.mayBeWritten) this.#uncertain++
    const now = performance.now()
    this.#since ??= now
    this.#reason = error.message
    if (now - this.#loggedAt < LOG_EVERY_MS) return
    this.#loggedAt = now
    this.#logger.error(
      {
        ...{ deadLetterTopic: this.#topic, topic, partition, offset, code: error.code, reason: error.message },
        ...{ refusals: this.#unlogged, ms: Math.round(now - this.#since) },
      },
      'The dead letter topic refuses records; they are tried again, and their offsets stay uncommitted',
    )
    this.#unlogged = 0
  }

  retrying(): void {
    this.#retried++
  }

  health(waiting: number, oldest: number | undefined): DeadLetterHealth {
    const now = performance.now()
    return {
      topic: this.#topic,
      waiting,
      oldestMs: oldest === undefined ? undefined : now - oldest,
      refusingMs: this.#since === undefined ? undefined : now - this.#since,
      reason: this.#reason,
      written: this.#written,
      refused: this.#refused,
      retried: this.#retried,
      uncertain: this.#uncertain,
    }
  }
}
