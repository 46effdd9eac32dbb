/** Failed records and fatal stops, told with what a person needs: where, which key, which thread, and the error. */
import type { StopReason, WorkEngine } from '@zk/engine'
import { type DescribedError, reviveError } from '../describe-error.js'
import { errors } from '../errors.js'
import type { PackedBatch } from '../kafka/packed-batch.js'
import type { Logger } from '../log/logger.js'
import type { DeliveryFailure } from '../threads/protocol.js'
import { previewKey } from './preview-key.js'

export interface FailuresOptions {
  engine: WorkEngine<PackedBatch>
  logger: Logger
  onExhausted: 'complete' | 'stop'
}

export class Failures {
  readonly #options: FailuresOptions
  /** By ticket: errors of the acks that the engine is being told of. */
  readonly #errors = new Map<number, DescribedError>()

  constructor(options: FailuresOptions) {
    this.#options = options
  }

  /** Keeps the errors while `tell` hands their acks to the engine. */
  during(failures: readonly DeliveryFailure[], tell: () => void): void {
    for (const { ticket, error } of failures) this.#errors.set(ticket, error)
    try {
      tell()
    } finally {
      this.#errors.clear()
    }
  }

  /** A delivery failed for good. */
  report(ticket: number): void {
    const { engine, logger, onExhausted } = this.#options
    const { slot, offset, thread, batch, index, attempt } = engine.inFlight
    const { topic, partition } = engine.assignments.nameOf(slot[ticket]!)
    const fields = {
      err: this.#errorOf(ticket),
      topic,
      partition,
      offset: offset[ticket],
      key: previewKey(batch[ticket]!, index[ticket]!),
      thread: thread[ticket],
      attempt: attempt[ticket],
    }
    logger.error(
      fields,
      onExhausted === 'complete'
        ? 'The handler failed; the record is completed all the same (onExhausted: complete)'
        : 'The handler failed; the work stops (onExhausted: stop)',
    )
  }

  /** The error that ends the work. */
  stopError(reason: StopReason): Error {
    const { engine } = this.#options
    if (reason.type === 'record-failed') {
      const { topic, partition } = engine.assignments.nameOf(reason.slot)
      const cause = this.#errorOf(reason.ticket)
      const attempts = engine.inFlight.attempt[reason.ticket]!
      const why = cause?.message ?? 'its thread ended before it could say why'
      return errors.ZK_RECORD_FAILED(topic, partition, reason.offset, attempts, why, { cause })
    }
    if (reason.type === 'dead-letter-flood') throw new Error('not yet')
    return errors.ZK_THREAD_CRASH_LOOP(reason.thread, reason.deaths)
  }

  /** Undefined when the thread could not post it before it was looked for on the board. */
  #errorOf(ticket: number): Error | undefined {
    const error = this.#errors.get(ticket)
    return error === undefined ? undefined : reviveError(error)
  }
}
