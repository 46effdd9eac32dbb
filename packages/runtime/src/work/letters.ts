/** Between the engine and the dead letter topic: what failed for good is copied, written, and told when it is there. */
import type { WorkEngine } from '@zk/engine'
import type { DeadLetter } from '../delivery/dead-letter.js'
import type { DeadLetterListener } from '../delivery/dead-letters.js'
import { copyRecord } from '../delivery/letter-of.js'
import type { PackedBatch } from '../kafka/packed-batch.js'
import type { Failures } from './failures.js'

export interface LettersOptions {
  engine: WorkEngine<PackedBatch>
  failures: Failures
  write(letter: DeadLetter, on: DeadLetterListener): void
  /** A step that may have made room. */
  step(step: () => void): void
}

export class Letters {
  readonly #options: LettersOptions

  constructor(options: LettersOptions) {
    this.#options = options
  }

  /** The engine's wish for a dead letter. Called within the engine, which hears of the outcome later. */
  write(ticket: number): void {
    const { engine, failures, write, step } = this.#options
    const { slot, offset, attempt, batch, index, sequence } = engine.inFlight
    const { topic, partition } = engine.assignments.nameOf(slot[ticket]!)
    failures.report(ticket, 'dead letter')
    const { cause, error } = failures.reasonOf(ticket)
    const delivery = sequence[ticket]!
    const letter: DeadLetter = {
      ...{ topic, partition, offset: offset[ticket]!, record: copyRecord(batch[ticket]!, index[ticket]!) },
      ...{ attempts: attempt[ticket]!, cause, error, failedAt: Date.now() },
    }
    const on: DeadLetterListener = {
      isWanted: () => engine.isWanted(ticket, delivery),
      done: (written) => step(() => engine.deadLettered(ticket, delivery, written)),
    }
    // It may answer at once.
    queueMicrotask(() => write(letter, on))
  }
}
