/** Failed records and fatal stops, told with what a person needs: where, which key, which thread, why, and the error. */
import { Care, type StopReason, type WorkEngine } from '@zk/engine'
import { type DescribedError, describeError, reviveError } from '../describe-error.js'
import { errors } from '../errors.js'
import type { FailureCause } from '../failure-cause.js'
import type { PackedBatch } from '../kafka/packed-batch.js'
import type { Logger } from '../log/logger.js'
import type { DeliveryFailure } from '../threads/protocol.js'
import type { ThreadEnd } from '../threads/thread-end.js'
import type { TracePlace } from '../tracing/trace-place.js'
import { previewKey } from './preview-key.js'

export interface FailuresOptions {
  engine: WorkEngine<PackedBatch>
  logger: Logger
  onExhausted: 'complete' | 'stop'
  maxDeadLetterRatio: number | undefined
  /** Of the board of the record's thread. */
  isMarkedFailed(ticket: number): boolean
}

/** Why a record failed for good. */
export interface Reason {
  cause: FailureCause
  /** Undefined when its thread could not post it before it ended. */
  error: DescribedError | undefined
  /** Of the attempt that failed, where traces are wanted. */
  span?: TracePlace | undefined
}

export class Failures {
  readonly #options: FailuresOptions
  /** By ticket: what came with the acks that the engine is being told of. */
  readonly #told = new Map<number, DeliveryFailure>()
  /** The end of a thread that the engine is being told of. */
  #death: ThreadEnd | undefined

  constructor(options: FailuresOptions) {
    this.#options = options
  }

  /** Keeps the errors while `tell` hands their acks to the engine. */
  during(failures: readonly DeliveryFailure[], tell: () => void): void {
    for (const failure of failures) this.#told.set(failure.ticket, failure)
    try {
      tell()
    } finally {
      this.#told.clear()
    }
  }

  /** Keeps the cause while `tell` hands the end of a thread to the engine: it may be the failure of what ran there. */
  duringDeath(end: ThreadEnd, tell: () => void): void {
    this.#death = end
    try {
      tell()
    } finally {
      this.#death = undefined
    }
  }

  /** Asked while the engine is being told. */
  reasonOf(ticket: number): Reason {
    const told = this.#told.get(ticket)
    if (told !== undefined) return told
    if (this.#options.engine.inFlight.care[ticket] === Care.never) {
      const { topic, partition, offset } = this.#placeOf(ticket)
      return { cause: 'process-crash', error: describeError(errors.ZK_PROCESS_CRASHED(topic, partition, offset)) }
    }
    // Its thread had marked it and could not post why.
    if (this.#death === undefined || this.#options.isMarkedFailed(ticket)) return { cause: 'error', error: undefined }
    const { cause, error } = this.#death
    return { cause, error: error === undefined ? undefined : describeError(error) }
  }

  /** A delivery failed for good. @param fate what becomes of the record */
  report(ticket: number, fate: 'dead letter' | 'complete' | 'stop' = this.#options.onExhausted): Reason {
    const { engine, logger } = this.#options
    const { thread, batch, index, attempt } = engine.inFlight
    const reason = this.reasonOf(ticket)
    const { cause, error } = reason
    logger.error(
      {
        err: error === undefined ? undefined : reviveError(error),
        cause,
        ...this.#placeOf(ticket),
        key: previewKey(batch[ticket]!, index[ticket]!),
        thread: thread[ticket],
        attempt: attempt[ticket],
      },
      SENTENCES[fate],
    )
    return reason
  }

  /** The error that ends the work. */
  stopError(reason: StopReason): Error {
    if (reason.type === 'record-failed') {
      const { topic, partition, offset } = this.#placeOf(reason.ticket)
      const { error } = this.reasonOf(reason.ticket)
      const cause = error === undefined ? undefined : reviveError(error)
      const attempts = this.#options.engine.inFlight.attempt[reason.ticket]!
      const why = cause?.message ?? 'its thread ended before it could say why'
      return errors.ZK_RECORD_FAILED(topic, partition, offset, attempts, why, { cause })
    }
    if (reason.type === 'dead-letter-flood') {
      return errors.ZK_DEAD_LETTER_FLOOD(reason.letters, reason.outcomes, this.#options.maxDeadLetterRatio!)
    }
    return errors.ZK_THREAD_CRASH_LOOP(reason.thread, reason.deaths)
  }

  #placeOf(ticket: number): { topic: string; partition: number; offset: number } {
    const { engine } = this.#options
    const { slot, offset } = engine.inFlight
    const { topic, partition } = engine.assignments.nameOf(slot[ticket]!)
    return { topic, partition, offset: offset[ticket]! }
  }
}

const SENTENCES = {
  'dead letter': 'The handler failed; the record goes to the dead letter topic',
  complete: 'The handler failed; the record is completed all the same (onExhausted: complete)',
  stop: 'The handler failed; the work stops (onExhausted: stop)',
}
