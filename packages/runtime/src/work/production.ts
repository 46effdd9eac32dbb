/** A work's dead letters: opened with it, written by its producer, settled at its end. */
import type { ClientConfig } from '../config/client-config.js'
import type { WorkConfig } from '../config/work-config.js'
import type { DeadLetter } from '../delivery/dead-letter.js'
import type { DeadLetterListener, DeadLetters } from '../delivery/dead-letters.js'
import { openDeadLetters } from '../delivery/open-dead-letters.js'
import type { DeadLetterHealth } from '../delivery/refusal-log.js'
import type { WorkProducer } from '../delivery/work-producer.js'
import type { Logger } from '../log/logger.js'
import type { ZkError } from '../zk-error.js'

export interface ProductionOptions {
  config: WorkConfig
  client: ClientConfig
  logger: Logger
  producer: WorkProducer
  /** Ends the work. */
  failed(error: ZkError): void
}

export class Production {
  readonly #options: ProductionOptions
  #deadLetters: DeadLetters | undefined

  constructor(options: ProductionOptions) {
    this.#options = options
  }

  /** @throws ZkError ZK_DEAD_LETTER_TOPIC, or when no broker answers */
  async open(): Promise<void> {
    const { config, client, logger, producer, failed } = this.#options
    const { deadLetterTopic } = config
    if (deadLetterTopic === undefined) return
    const opened = { config: { ...config, deadLetterTopic }, client, producer: await producer.open(), logger, failed }
    this.#deadLetters = await openDeadLetters(opened)
  }

  write(letter: DeadLetter, on: DeadLetterListener): void {
    this.#deadLetters!.write(letter, on)
  }

  /** Partitions are not ours any more: their letters are somebody else's. */
  dropUnwanted(): void {
    this.#deadLetters?.dropUnwanted()
  }

  /** Undefined without a dead letter topic. */
  health(): DeadLetterHealth | undefined {
    return this.#deadLetters?.health()
  }

  /** Waits so long for what is on its way; what has no answer then is not written. */
  async settle(timeoutMs: number): Promise<void> {
    await this.#deadLetters?.close(timeoutMs)
  }
}
