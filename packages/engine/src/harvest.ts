/**
 * Ends what the boards show as ended, ahead of its acks. A thread that a handler keeps from its event loop posts them late,
 * and what it finished before must not be waited for, nor be repeated. The acks will be stale.
 *
 * Why a record failed only its ack says, which a thread posts at once: it is on its way unless the thread has died. So a
 * failure is left to it until a second look.
 */
import type { Core } from './core.js'
import { stateOf } from './delivery-state.js'
import { Outcome } from './effects.js'
import type { RecordEndings } from './record-endings.js'

export class Harvest {
  readonly #core: Core
  readonly #endings: RecordEndings
  /** Failures that the last look has met: their sequence numbers, by ticket. */
  #met = new Map<number, number>()

  constructor(core: Core, endings: RecordEndings) {
    this.#core = core
    this.#endings = endings
  }

  /** From time to time while a drain lasts, with turns of the event loop in between. */
  look(): void {
    const { sequence } = this.#core.table
    const before = this.#met
    this.#met = new Map()
    for (const ticket of this.done()) {
      if (before.get(ticket) === sequence[ticket]) this.#fail(ticket)
      else this.#met.set(ticket, sequence[ticket]!)
    }
  }

  /** For the last time. */
  all(): void {
    for (const ticket of this.done()) this.#fail(ticket)
  }

  /** Those that are done. @returns those that have failed */
  done(): number[] {
    const { effects, table } = this.#core
    const failed: number[] = []
    for (const ticket of table.dispatched()) {
      const state = stateOf(ticket, table, effects)
      if (state === 'done') this.#endings.end(ticket, Outcome.done)
      else if (state === 'failed') failed.push(ticket)
    }
    return failed
  }

  #fail(ticket: number): void {
    const { effects, table } = this.#core
    const thread = table.thread[ticket]!
    table.attempt[ticket] = effects.attemptOf(thread, ticket)
    this.#endings.end(ticket, Outcome.failed | effects.failureFlags(thread, ticket))
  }
}
