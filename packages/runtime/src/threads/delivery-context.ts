import type { TopicPartition } from '@zk/engine'
import type { Logger } from '../log/logger.js'
import type { Message, ProcessContext } from '../processor-types.js'
import type { AbortReason } from './protocol.js'

interface Surroundings {
  logFor(name: TopicPartition, offset: number): Logger
}

/** What a handler gets beside its record. The parts that cost something are made when they are asked for. */
export class DeliveryContext implements ProcessContext {
  readonly attempt: number
  readonly state: unknown
  readonly virtualPartition: number
  /** For the executor: which partition's revoke concerns it. */
  readonly slot: number
  readonly #surroundings: Surroundings
  readonly #message: Message<unknown>
  #controller: AbortController | undefined
  #reason: AbortReason | undefined
  #log: Logger | undefined

  constructor(
    surroundings: Surroundings,
    message: Message<unknown>,
    slot: number,
    attempt: number,
    state: unknown,
    virtualPartition: number,
  ) {
    this.#surroundings = surroundings
    this.#message = message
    this.slot = slot
    this.attempt = attempt
    this.state = state
    this.virtualPartition = virtualPartition
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController()
      if (this.#reason !== undefined) this.#controller.abort(abortError(this.#reason))
    }
    return this.#controller.signal
  }

  get log(): Logger {
    this.#log ??= this.#surroundings.logFor(this.#message, this.#message.offset)
    return this.#log
  }

  get idempotencyKey(): string {
    const { topic, partition, offset } = this.#message
    return `${topic}-${partition}-${offset}`
  }

  get aborted(): boolean {
    return this.#reason !== undefined
  }

  abort(reason: AbortReason): void {
    this.#reason = reason
    this.#controller?.abort(abortError(reason))
  }
}

function abortError(reason: AbortReason): Error {
  return Object.assign(new Error(`The result of this handler is no longer wanted: ${reason}`), {
    name: 'AbortError',
    reason,
  })
}
