/**
 * Between the engine and the dead letter topic: what failed for good is copied and written, and the engine is told once
 * the brokers have it.
 */
import type { WorkEngine } from '@zk/engine'
import type { ClientConfig } from '../config/client-config.js'
import type { WorkConfig } from '../config/work-config.js'
import type { DeadLetter } from '../delivery/dead-letter.js'
import type { DeadLetterListener, DeadLetters } from '../delivery/dead-letters.js'
import { copyRecord } from '../delivery/letter-of.js'
import { openDeadLetters } from '../delivery/open-dead-letters.js'
import type { DeadLetterHealth } from '../delivery/refusal-log.js'
import type { WorkProducer } from '../delivery/work-producer.js'
import type { WriteHooks } from '../hooks/write-hooks.js'
import type { Credentials } from '../kafka/credentials.js'
import type { PackedBatch } from '../kafka/packed-batch.js'
import type { Logger } from '../log/logger.js'
import type { Tracing } from '../tracing/tracing.js'
import type { ZkError } from '../zk-error.js'
import type { Failures, Reason } from './failures.js'

export interface LettersOptions {
  config: WorkConfig
  client: ClientConfig
  engine: WorkEngine<PackedBatch>
  failures: Failures
  producer: WorkProducer
  credentials: Credentials
  /** Undefined where no hook is about writes. */
  writes: WriteHooks | undefined
  /** Undefined where no traces are wanted. */
  tracing: Tracing | undefined
  logger: Logger
  /** A step that may have made room. */
  step(step: () => void): void
  /** Ends the work. */
  failed(error: ZkError): void
}

export class Letters {
  readonly #options: LettersOptions
  #deadLetters: DeadLetters | undefined
  /** By ticket, from the failure to the answer. */
  readonly #reasons = new Map<number, Reason>()

  constructor(options: LettersOptions) {
    this.#options = options
  }

  /** Before anything is read. @throws ZkError ZK_DEAD_LETTER_TOPIC, or when no broker answers */
  async open(): Promise<void> {
    const { config, client, producer, credentials, writes, tracing, logger, failed } = this.#options
    const { deadLetterTopic } = config
    if (deadLetterTopic === undefined) return
    const opened = { config: { ...config, deadLetterTopic }, client, producer: await producer.open(), credentials }
    this.#deadLetters = await openDeadLetters({ ...opened, writes, tracing, logger, failed })
  }

  /** The engine's wish for a dead letter. Called within the engine, which hears of the outcome later. */
  write(ticket: number): void {
    const { engine, failures } = this.#options
    const { slot, offset, attempt, batch, index, sequence } = engine.inFlight
    const { topic, partition } = engine.assignments.nameOf(slot[ticket]!)
    const reason = failures.report(ticket, 'dead letter')
    this.#reasons.set(ticket, reason)
    const letter: DeadLetter = {
      ...{ topic, partition, offset: offset[ticket]!, record: copyRecord(batch[ticket]!, index[ticket]!) },
      ...{ attempts: attempt[ticket]!, ...reason, failedAt: Date.now() },
    }
    const on = this.#listenerFor(ticket, sequence[ticket]!)
    // It may answer at once.
    queueMicrotask(() => this.#deadLetters!.write(letter, on))
  }

  /** Why a record failed that waits for its dead letter. */
  reasonOf(ticket: number): Reason | undefined {
    return this.#reasons.get(ticket)
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

  #listenerFor(ticket: number, sequence: number): DeadLetterListener {
    const { engine, step } = this.#options
    return {
      isWanted: () => engine.isWanted(ticket, sequence),
      done: (written) => {
        step(() => engine.deadLettered(ticket, sequence, written))
        this.#reasons.delete(ticket)
      },
    }
  }
}
