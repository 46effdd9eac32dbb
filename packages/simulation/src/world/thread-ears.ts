/** Hears what the threads of one process do: for the journal and the checker, not for its engine. */
import { K } from '../journal.js'
import type { Delivery, Ending } from './delivery.js'
import type { Run } from './handlers.js'
import type { Member } from './member.js'
import type { Victim } from './records.js'
import type { ThreadListener } from './thread-listener.js'

export class ThreadEars implements ThreadListener {
  readonly #member: Member

  constructor(member: Member) {
    this.#member = member
  }

  published(thread: number, delivery: Delivery): void {
    this.#note(K.published, thread, delivery)
    this.#member.world.checker.published(delivery.tenure, delivery.record)
  }

  started(thread: number, delivery: Delivery, run: Run): void {
    const { checker, wall } = this.#member.world
    const { record, tenure, first, failures } = delivery
    this.#note(K.started, thread, delivery)
    this.#member.world.met(this.#member, 'start')
    checker.started(tenure, record, thread, first + failures, wall, run)
  }

  refused(thread: number, delivery: Delivery): void {
    this.#note(K.refused, thread, delivery)
    this.#dropped(delivery)
  }

  heldBack(thread: number, delivery: Delivery): void {
    this.#note(K.heldBack, thread, delivery)
    this.#member.world.checker.heldBack(delivery.tenure, delivery.record)
  }

  ended(thread: number, delivery: Delivery, how: Ending, flags: number): void {
    const { world } = this.#member
    const { checker } = world
    const { record, tenure } = delivery
    this.#note(how === 'done' ? K.done : how === 'failed' ? K.failed : K.gaveUp, thread, delivery)
    checker.outOfThread(tenure, record)
    if (how === 'done') checker.ended(tenure, record)
    else if (how === 'failed') checker.failed(tenure, record, flags)
    else {
      checker.stopped(tenure, record)
      checker.handedBack(tenure, record)
      return
    }
    world.records.processDeaths[record] = 0
    world.progress++
  }

  parked(thread: number, delivery: Delivery, flags: number): void {
    this.#note(K.parked, thread, delivery)
    this.#member.world.checker.parked(delivery.tenure, delivery.record, flags)
  }

  began(thread: number, run: Run): void {
    this.#member.world.journal.note(K.began, this.#member.id, thread, run.length)
  }

  threw(thread: number, run: Run): void {
    this.#member.world.journal.note(K.threwAll, this.#member.id, thread, run.length)
  }

  putBack(thread: number, delivery: Delivery): void {
    this.#note(K.putBack, thread, delivery)
    this.#member.world.checker.putBack(delivery.tenure, delivery.record)
  }

  handedBack(thread: number, delivery: Delivery): void {
    this.#note(K.handedBack, thread, delivery)
    this.#dropped(delivery)
  }

  victimOf({ record }: Delivery): Victim {
    const { records, isForgiving } = this.#member.world
    return isForgiving ? 'nobody' : records.kills[record]!
  }

  kills(thread: number, delivery: Delivery, victim: Victim): void {
    const member = this.#member
    member.world.met(member, 'exit')
    this.#note(victim === 'thread' ? K.killedBy : K.abortedBy, thread, delivery)
    if (victim !== 'process') return
    // Not within the call into the engine that may be under way: until then the handler does not come to an end.
    delivery.stuck = true
    member.world.later(() => member.world.crash(member))
  }

  stopped({ record, tenure }: Delivery): void {
    this.#member.world.checker.outOfThread(tenure, record)
    this.#member.world.checker.stopped(tenure, record)
  }

  dropped({ record, tenure }: Delivery): void {
    this.#member.world.checker.outOfThread(tenure, record)
  }

  #dropped({ record, tenure }: Delivery): void {
    this.#member.world.checker.outOfThread(tenure, record)
    this.#member.world.checker.handedBack(tenure, record)
  }

  #note(kind: number, thread: number, { partition, offset }: Delivery): void {
    this.#member.world.journal.note(kind, this.#member.id, thread, partition, offset)
  }
}
