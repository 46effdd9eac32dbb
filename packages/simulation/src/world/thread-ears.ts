/** Hears what the threads of one process do: for the journal and the checker, not for its engine. */
import { K } from '../journal.js'
import type { Member } from './member.js'
import type { Delivery, ThreadListener } from './thread.js'

export class ThreadEars implements ThreadListener {
  readonly #member: Member

  constructor(member: Member) {
    this.#member = member
  }

  published(thread: number, { partition, offset }: Delivery): void {
    this.#member.world.journal.note(K.published, this.#member.id, thread, partition, offset)
  }

  started(thread: number, { partition, offset, record, tenure }: Delivery): void {
    this.#member.world.journal.note(K.started, this.#member.id, thread, partition, offset)
    this.#member.world.met(this.#member, 'start')
    this.#member.world.checker.started(tenure, record)
  }

  refused(thread: number, { partition, offset, record, tenure }: Delivery): void {
    this.#member.world.journal.note(K.refused, this.#member.id, thread, partition, offset)
    this.#member.world.checker.outOfThread(tenure, record)
  }

  ended(thread: number, { partition, offset, record, tenure }: Delivery, how: 'done' | 'failed' | 'discarded'): void {
    const { journal, checker, shape } = this.#member.world
    journal.note(
      how === 'done' ? K.done : how === 'failed' ? K.failed : K.gaveUp,
      this.#member.id,
      thread,
      partition,
      offset,
    )
    checker.outOfThread(tenure, record)
    if (how === 'done' || (how === 'failed' && shape.onExhausted === 'complete')) {
      checker.ended(tenure, record)
      this.#member.world.progress++
    } else {
      checker.stopped(tenure, record)
    }
  }

  stopped({ record, tenure }: Delivery): void {
    this.#member.world.checker.outOfThread(tenure, record)
    this.#member.world.checker.stopped(tenure, record)
  }

  dropped({ record, tenure }: Delivery): void {
    this.#member.world.checker.outOfThread(tenure, record)
  }
}
