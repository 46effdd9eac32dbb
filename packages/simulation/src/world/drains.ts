/** Drains of one process: who waits for them, and what must be true when they end. */
import { Violation } from '../checker/violation.js'
import type { Delivery } from './delivery.js'
import type { Member } from './member.js'

interface OpenDrain {
  /** What the slots held when it began. */
  readonly tenures: readonly (number | undefined)[]
  done(complete: boolean): void
  /** The engine has told its end. */
  hasEnded: boolean
}

export class Drains {
  readonly #member: Member
  readonly #open = new Map<readonly number[], OpenDrain>()

  constructor(member: Member) {
    this.#member = member
  }

  get any(): boolean {
    return this.#open.size > 0
  }

  begin(slots: readonly number[], timeoutMs: number, done: (complete: boolean) => void): void {
    const { engine, world } = this.#member
    const tenures = slots.map((slot) => this.#member.holdings[slot]!.tenure)
    this.#open.set(slots, { tenures, done, hasEnded: false })
    engine.drain(slots, world.now + timeoutMs)
    this.look()
  }

  /** After any call into the engine: none may wait for what an open circuit holds back. */
  look(): void {
    for (const [slots, { hasEnded }] of this.#open) {
      if (hasEnded || !this.#areHeldBack(slots) || this.#isBusy(slots)) continue
      throw new Violation('I6', `process ${this.#member.id}: a drain waits for records that an open circuit holds back`)
    }
  }

  /** The engine says that one has ended; whoever waits for it goes on after the call. */
  ended(slots: readonly number[], complete: boolean): void {
    const { holdings, world } = this.#member
    const drain = this.#open.get(slots)
    if (drain !== undefined) drain.hasEnded = true
    for (const [i, slot] of slots.entries()) {
      const tenure = drain?.tenures[i]
      // One that was lost meanwhile is no part of it.
      if (complete && tenure !== undefined && tenure === holdings[slot]!.tenure) world.checker.drained(tenure)
    }
    world.later(() => {
      // A handler may have killed the process within the same call.
      if (this.#open.delete(slots) && !this.#member.isDead) drain!.done(complete)
    })
  }

  /** Whoever waits for one goes on as if its deadline had passed. */
  giveUp(): void {
    for (const [slots, { done }] of [...this.#open]) {
      this.#open.delete(slots)
      done(false)
    }
  }

  /** Nothing of the partitions may start. */
  #areHeldBack(slots: readonly number[]): boolean {
    const { world, id, holdings } = this.#member
    if (world.shape.circuit === undefined) return false
    const circuits = world.checker.circuitsOf(id)
    return slots.every((slot) => circuits.holdsBack(holdings[slot]!.partition))
  }

  /** Something of the partitions has started and not come to an end that main knows of. */
  #isBusy(slots: readonly number[]): boolean {
    const { threads, deadLetters, holdings } = this.#member
    const isOfThem = ({ slot }: Delivery) => slots.includes(slot)
    return (
      deadLetters.some(slots.map((slot) => holdings[slot]!.tenure)) ||
      threads.some((place) => place.shows(isOfThem) || place.state === 'exited' || !place.acks.isEmpty)
    )
  }
}
