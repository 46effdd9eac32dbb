/**
 * Whether a client is cut off: all brokers that it knew were lost, and nothing has shown since that one is back.
 *
 * librdkafka tells that the last connection was lost, and not that there is one again; that is what an answer tells.
 */
import { codeOf, ERR__ALL_BROKERS_DOWN } from './error-codes.js'

/** How long whoever closes waits for brokers that are all gone, in milliseconds: a writer, and then a reader. */
export const CUT_OFF_MS = 2_000

export class CutOff {
  #isCutOff = false

  get isCutOff(): boolean {
    return this.#isCutOff
  }

  /** An error that librdkafka tells. */
  hear(error: { code?: number | undefined; message: string }): void {
    if (codeOf(error) === ERR__ALL_BROKERS_DOWN) this.#isCutOff = true
  }

  /** A broker has answered. */
  answered(): void {
    this.#isCutOff = false
  }
}
