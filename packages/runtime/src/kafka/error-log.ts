/**
 * Writes errors of a client with the runtime's logger. Those that pass by themselves come with every try, ten times a
 * second while no broker can be reached, or all at once when a client that never reached one is given up: one of a code is
 * written every ten seconds, and says how many were left out.
 */
import type { Logger } from '../log/logger.js'
import { codeOf, PASSING } from './error-codes.js'
import { type LibrdkafkaErrorEvent, librdkafkaError } from './librdkafka-log.js'

const EVERY_MS = 10_000

export class ErrorLog {
  readonly #logger: Logger
  readonly #clientId: string
  /** Of passing errors, by code. */
  readonly #written = new Map<number, { at: number; leftOut: number }>()

  constructor(logger: Logger, clientId: string) {
    this.#logger = logger
    this.#clientId = clientId
  }

  /** @param now a monotonic clock in milliseconds */
  write(error: LibrdkafkaErrorEvent, now = performance.now()): void {
    const leftOut = this.#leftOutBefore(codeOf(error), now)
    if (leftOut === undefined) return
    const { level, fields, message } = librdkafkaError(error, this.#clientId)
    this.#logger[level](leftOut > 0 ? { ...fields, leftOut } : fields, message)
  }

  /** @returns undefined when this one is left out */
  #leftOutBefore(code: number | undefined, now: number): number | undefined {
    if (code === undefined || !PASSING.has(code)) return 0
    const written = this.#written.get(code)
    if (written !== undefined && now - written.at < EVERY_MS) {
      written.leftOut++
      return undefined
    }
    this.#written.set(code, { at: now, leftOut: 0 })
    return written?.leftOut ?? 0
  }
}
