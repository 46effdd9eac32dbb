/** What an engine does to the outside, carried out on the models of one process. */
import type { DeliveryState, Effects } from '@zk/engine'
import { K } from '../journal.js'
import type { Member } from './member.js'
import type { Delivery } from './thread.js'

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
      place.queue(ticket, sequence)
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
        aborted: false,
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
    return this.#member.threads[thread]!.stateOf(ticket, sequence)
  }

  attemptOf(_thread: number, ticket: number): number {
    return this.#member.engine.inFlight.attempt[ticket]!
  }

  failureFlags(): number {
    return 0
  }

  hold(held: boolean): void {
    this.isHeld = held
    this.#member.world.journal.note(K.hold, this.#member.id, held ? 1 : 0)
  }

  cut(slot: number, epoch: number, aboveOffset: number): void {
    this.#member.world.journal.note(K.cut, this.#member.id, this.#member.holdings[slot]!.partition, epoch, aboveOffset)
    for (const thread of this.#member.threads) thread.cut(slot, epoch, aboveOffset)
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
    this.#member.drainEnded(slots, complete)
  }

  failed(): void {}

  deadLetter(): void {}

  completed(): void {}

  processDeaths(): number {
    return 0
  }

  holdStarts(): void {}

  permitStart(): void {}

  withdrawPermit(): boolean {
    return false
  }

  circuitChanged(): void {}

  stop(): void {
    this.#member.world.journal.note(K.stop, this.#member.id)
    this.#member.world.later(() => {
      if (!this.#member.ending.hasBegun) this.#member.world.journal.note(K.stopped, this.#member.id)
      this.#member.ending.end('fail')
    })
  }
}
