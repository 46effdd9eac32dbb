/** What a work writes to Kafka, on one producer that is made when it is needed: its dead letters. */
import type { ClientConfig } from '../config/client-config.js'
import { producerProperties } from '../config/properties.js'
import type { WorkConfig } from '../config/work-config.js'
import type { DeadLetter } from '../delivery/dead-letter.js'
import type { DeadLetterListener, DeadLetters } from '../delivery/dead-letters.js'
import { openDeadLetters } from '../delivery/open-dead-letters.js'
import type { DeadLetterHealth } from '../delivery/refusal-log.js'
import { createProducer, type Producer } from '../kafka/producer.js'
import type { Logger } from '../log/logger.js'
import type { ZkError } from '../zk-error.js'

/** How long librdkafka may take to let go of what is answered already. */
const CLOSE_MS = 1_000

export interface ProductionOptions {
  config: WorkConfig
  client: ClientConfig
  logger: Logger
  /** Ends the work. */
  failed(error: ZkError): void
}

export class Production {
  readonly #options: ProductionOptions
  #producer: Producer | undefined
  #deadLetters: DeadLetters | undefined

  constructor(options: ProductionOptions) {
    this.#options = options
  }

  /** @throws ZkError ZK_DEAD_LETTER_TOPIC, or when no broker answers */
  async open(): Promise<void> {
    const { config, client, logger, failed } = this.#options
    const { deadLetterTopic } = config
    if (deadLetterTopic === undefined) return
    const properties = producerProperties(config, client)
    this.#producer = await createProducer({ properties, client: config.reader, logger })
    const opened = { config: { ...config, deadLetterTopic }, client, producer: this.#producer, logger, failed }
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

  async close(): Promise<void> {
    await this.settle(0)
    await this.#producer?.close(CLOSE_MS)
  }
}
