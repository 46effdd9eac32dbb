/** Handlers in progress in one thread. */
import type { Random } from '../random.js'
import type { Delivery } from './delivery.js'

export class Handlers {
  /** It has returned no promise yet and keeps the thread. */
  #busy: Delivery | undefined
  #waiting: Delivery[] = []

  get isBusy(): boolean {
    return this.#busy !== undefined
  }

  /** Some handler may come to its end. */
  get mayEnd(): boolean {
    return this.#busy === undefined ? this.#waiting.some(canEnd) : canEnd(this.#busy)
  }

  get count(): number {
    return this.#waiting.length + (this.#busy === undefined ? 0 : 1)
  }

  some(matches: (delivery: Delivery) => boolean): boolean {
    if (this.#busy !== undefined && matches(this.#busy)) return true
    for (const delivery of this.#waiting) if (matches(delivery)) return true
    return false
  }

  add(delivery: Delivery, keepsThread: boolean): void {
    if (keepsThread) this.#busy = delivery
    else this.#waiting.push(delivery)
  }

  /** One that may end now. */
  pick(choice: Random): Delivery {
    if (this.#busy !== undefined) return this.#busy
    // Nearly always all of them may.
    const delivery = choice.pick(this.#waiting)
    return canEnd(delivery) ? delivery : choice.pick(this.#waiting.filter(canEnd))
  }

  /** One that has been running for a long time: rather one that does not end. */
  pickLate(choice: Random): Delivery {
    return this.#busy ?? this.#waiting.find(({ stuck }) => stuck) ?? choice.pick(this.#waiting)
  }

  remove(delivery: Delivery): void {
    if (this.#busy === delivery) this.#busy = undefined
    else this.#waiting.splice(this.#waiting.indexOf(delivery), 1)
  }

  takeAll(): Delivery[] {
    const all = this.#busy === undefined ? this.#waiting : [this.#busy, ...this.#waiting]
    this.#busy = undefined
    this.#waiting = []
    return all
  }

  /** Those of these slots that wait are told to give up. */
  abort(slots: readonly number[]): void {
    for (const delivery of this.#waiting) if (slots.includes(delivery.slot)) delivery.aborted = true
  }

  free(): void {
    if (this.#busy !== undefined) this.#busy.stuck = false
    for (const delivery of this.#waiting) delivery.stuck = false
  }
}

function canEnd({ stuck }: Delivery): boolean {
  return !stuck
}
