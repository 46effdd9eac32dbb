/** What an engine does to the outside, carried out on the models of one process. */
import type { CircuitScope, CircuitState, Completion, DeliveryState, Effects, StopReason } from '@zk/engine'
import { K } from '../journal.js'
import type { Delivery } from './delivery.js'
import type { Member } from './member.js'

export class ShellEffects implements Effects {
  /** No thread starts a delivery now. */
  isHeld = false
  readonly #member: Member

  constructor(member: Member) {
    this.#member = member
  }

  dispatch(thread: number, tickets: Int32Array, count: number): void {
    const { inFlight } = this.#member.engine
    const { records, journal, checker } = this.#member.world
    const place = this.#member.threads[thread]!
    const frame: Delivery[] = []
    for (let i = 0; i < count; i++) {
      const ticket = tickets[i]!
      const batch = inFlight.batch[ticket]!
      const index = inFlight.index[ticket]!
      const slot = inFlight.slot[ticket]!
      const offset = inFlight.offset[ticket]!
      if (batch.slots[index] !== slot || batch.offsets[index] !== offset) {
        throw new Error(`ticket ${ticket} points at the bytes of ${batch.slots[index]}/${batch.offsets[index]}`)
      }
      const record = batch.ids[index]!
      const partition = records.partition[record]!
      const sequence = inFlight.sequence[ticket]!
      place.board.queue(ticket, sequence, inFlight.attempt[ticket]!)
      frame.push({
        ticket,
        sequence,
        slot,
        epoch: inFlight.epoch[ticket]!,
        offset,
        record,
        key: records.key[record]!,
        partition,
        tenure: batch.tenures[index]!,
        first: inFlight.attempt[ticket]!,
        failures: 0,
        aborted: false,
        overdue: false,
        timedOut: false,
        stuck: false,
        alone: false,
        postponed: false,
      })
      journal.note(K.dispatch, this.#member.id, thread, partition, offset)
    }
    if (place.post(frame)) for (const { record, tenure } of frame) checker.inThread(tenure, record)
  }

  deliveryState(thread: number, ticket: number, sequence: number): DeliveryState {
    // The threads do not stand still while main looks at the boards; only a hold keeps them from starting.
    const { choice, shape } = this.#member.world
    if (shape.stir > 0 && choice.percent(shape.stir)) {
      const other = this.#member.threads[choice.below(this.#member.threads.length)]!
      if (!other.start(choice) && !other.publish()) other.finish(false, choice)
    }
    return this.#member.threads[thread]!.board.stateOf(ticket, sequence)
  }

  attemptOf(thread: number, ticket: number): number {
    return this.#member.threads[thread]!.board.attemptOf(ticket)
  }

  failureFlags(thread: number, ticket: number): number {
    return this.#member.threads[thread]!.board.flagsOf(ticket)
  }

  hold(held: boolean): void {
    this.isHeld = held
    this.#member.world.journal.note(K.hold, this.#member.id, held ? 1 : 0)
  }

  cut(slot: number, epoch: number, aboveOffset: number): void {
    const { world, id, engine, holdings } = this.#member
    const { partition, tenure } = holdings[slot]!
    world.journal.note(K.cut, id, partition, epoch, aboveOffset)
    // Where nothing is drained an epoch has ended, and what is held now is the next one.
    world.checker.cut(id, partition, engine.assignments.at(slot)?.state === 'draining' ? tenure : undefined)
    for (const thread of this.#member.threads) thread.board.cut(slot, epoch, aboveOffset)
    this.#member.crew.wake()
  }

  pause(slot: number): void {
    const holding = this.#member.holdings[slot]!
    this.#member.world.journal.note(K.pause, this.#member.id, holding.partition)
    if (holding.attached) holding.paused = true
  }

  resume(slot: number): void {
    const holding = this.#member.holdings[slot]!
    this.#member.world.journal.note(K.resume, this.#member.id, holding.partition)
    holding.paused = false
  }

  store(slot: number, offset: number, finished: readonly number[]): void {
    const { partition, tenure } = this.#member.holdings[slot]!
    this.#member.world.journal.note(K.store, this.#member.id, partition, offset, finished.length / 2)
    this.#member.world.checker.stored(tenure, partition, offset, finished)
    this.#member.commits.stored({ partition, tenure: tenure!, offset, finished })
  }

  rewound(slot: number, from: number, to: number): void {
    const { partition } = this.#member.holdings[slot]!
    this.#member.world.journal.note(K.rewinds, this.#member.id, partition, from, to)
    // Of what was read before nothing may be committed any more: the log may hold other records there.
    this.#member.commits.forget(partition)
  }

  restart(slot: number, offset: number): void {
    this.#member.world.journal.note(K.restart, this.#member.id, this.#member.holdings[slot]!.partition, offset)
    this.#member.restart(slot, offset)
  }

  drained(slots: readonly number[], complete: boolean): void {
    this.#member.world.journal.note(K.drained, this.#member.id, slots.length, complete ? 1 : 0)
    this.#member.drains.ended(slots, complete)
  }

  failed(ticket: number): void {
    const { tenure, record } = this.#recordOf(ticket)
    this.#note(K.exhausted, record)
    this.#member.world.checker.exhausted(tenure, record, false)
  }

  deadLetter(ticket: number): void {
    const { inFlight } = this.#member.engine
    const { tenure, record } = this.#recordOf(ticket)
    this.#note(K.deadLetter, record)
    this.#member.world.checker.exhausted(tenure, record, true)
    this.#member.deadLetters.write({ ticket, sequence: inFlight.sequence[ticket]!, tenure, record })
  }

  completed(ticket: number, how: Completion): void {
    const { tenure, record } = this.#recordOf(ticket)
    this.#member.world.checker.completed(tenure, record, how)
    this.#member.completions++
  }

  processDeaths(slot: number, offset: number): number {
    return this.#member.processDeaths(slot, offset)
  }

  holdStarts(scope: CircuitScope, held: boolean): void {
    for (const thread of this.#member.threads) thread.board.holdStarts(scope, held)
    this.#member.crew.wake()
  }

  permitStart(thread: number, scope: CircuitScope): void {
    this.#member.world.journal.note(K.permit, this.#member.id, thread)
    this.#member.threads[thread]!.board.permit(scope)
    this.#member.crew.wake()
  }

  withdrawPermit(thread: number, scope: CircuitScope): boolean {
    return this.#member.threads[thread]!.board.withdraw(scope)
  }

  circuitChanged(scope: CircuitScope, from: CircuitState, to: CircuitState): void {
    const { world, id, holdings } = this.#member
    const partition = scope === 'work' ? -1 : holdings[scope]!.partition
    world.journal.note(to === 'open' ? K.opened : to === 'closed' ? K.closes : K.halfOpen, id, partition)
    world.checker.circuitsOf(id).told(scope === 'work' ? 'work' : partition, from, to)
  }

  stop({ type }: StopReason): void {
    this.#member.world.journal.note(K.stop, this.#member.id, type === 'crash-loop' ? 1 : 0)
    this.#member.world.checker.stops.told(this.#member.id, type)
    this.#member.world.later(() => {
      if (!this.#member.ending.hasBegun) this.#member.world.journal.note(K.stopped, this.#member.id)
      this.#member.ending.end('fail')
    })
  }

  #recordOf(ticket: number): { tenure: number; record: number } {
    const { inFlight } = this.#member.engine
    const batch = inFlight.batch[ticket]!
    const index = inFlight.index[ticket]!
    return { tenure: batch.tenures[index]!, record: batch.ids[index]! }
  }

  #note(kind: number, record: number): void {
    const { world, id } = this.#member
    world.journal.note(kind, id, world.records.partition[record]!, world.records.offset[record]!)
  }
}
