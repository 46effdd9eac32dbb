/** Between the engine and the dead letter topic: what failed for good is copied, written, and told when it is there. */
import type { WorkEngine } from '@zk/engine'
import type { DeadLetter } from '../delivery/dead-letter.js'
import type { DeadLetterListener } from '../delivery/dead-letters.js'
import { copyRecord } from '../delivery/letter-of.js'
import type { PackedBatch } from '../kafka/packed-batch.js'
import type { Failures, Reason } from './failures.js'

export interface LettersOptions {
  engine: WorkEngine<PackedBatch>
  failures: Failures
  write(letter: DeadLetter, on: DeadLetterListener): void
  /** A step that may have made room. */
  step(step: () => void): void
}

export class Letters {
  readonly #options: LettersOptions

  /** By ticket, from the failure to the answer. */
  readonly #reasons = new Map<number, Reason>()

  constructor(options: LettersOptions) {
    this.#options = options
  }

  /** Why a record failed that waits for its dead letter. */
  reasonOf(ticket: number): Reason | undefined {
    return this.#reasons.get(ticket)
  }

  /** The engine's wish for a dead letter. Called within the engine, which hears of the outcome later. */
  write(ticket: number): void {
    const { engine, failures, write, step } = this.#options
    const { slot, offset, attempt, batch, index, sequence } = engine.inFlight
    const { topic, partition } = engine.assignments.nameOf(slot[ticket]!)
    failures.report(ticket, 'dead letter')
    const reason = failures.reasonOf(ticket)
    this.#reasons.set(ticket, reason)
    const delivery = sequence[ticket]!
    const letter: DeadLetter = {
      ...{ topic, partition, offset: offset[ticket]!, record: copyRecord(batch[ticket]!, index[ticket]!) },
      ...{ attempts: attempt[ticket]!, ...reason, failedAt: Date.now() },
    }
    const on: DeadLetterListener = {
      isWanted: () => engine.isWanted(ticket, delivery),
      done: (written) => {
        step(() => engine.deadLettered(ticket, delivery, written))
        this.#reasons.delete(ticket)
      },
    }
    // It may answer at once.
    queueMicrotask(() => write(letter, on))
  }
}
