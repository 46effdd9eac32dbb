/** Handlers in progress in one thread: each has one record, or a batch of them. */
import type { Random } from '../random.js'
import type { Delivery } from './delivery.js'

export type Run = readonly Delivery[]

export class Handlers {
  /** It has returned no promise yet and keeps the thread. */
  #busy: Run | undefined
  #waiting: Run[] = []

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
    if (this.#busy?.some(matches) === true) return true
    for (const run of this.#waiting) for (const delivery of run) if (matches(delivery)) return true
    return false
  }

  add(run: Run, keepsThread: boolean): void {
    if (keepsThread) this.#busy = run
    else this.#waiting.push(run)
  }

  /** One that may end now. */
  pick(choice: Random): Run {
    if (this.#busy !== undefined) return this.#busy
    // Nearly always all of them may.
    const run = choice.pick(this.#waiting)
    return canEnd(run) ? run : choice.pick(this.#waiting.filter(canEnd))
  }

  /** One that has been running for a long time: rather one that does not end. */
  pickLate(choice: Random): Run {
    return this.#busy ?? this.#waiting.find((run) => !canEnd(run)) ?? choice.pick(this.#waiting)
  }

  remove(run: Run): void {
    if (this.#busy === run) this.#busy = undefined
    else this.#waiting.splice(this.#waiting.indexOf(run), 1)
  }

  takeAll(): Delivery[] {
    const all = this.#busy === undefined ? this.#waiting : [this.#busy, ...this.#waiting]
    this.#busy = undefined
    this.#waiting = []
    return all.flat()
  }

  /** Those of these slots that wait are told to give up. */
  abort(slots: readonly number[]): void {
    for (const run of this.#waiting) for (const one of run) if (slots.includes(one.slot)) one.aborted = true
  }

  free(): void {
    for (const run of [this.#busy ?? [], ...this.#waiting]) for (const delivery of run) delivery.stuck = false
  }
}

function canEnd(run: Run): boolean {
  return run.every(({ stuck }) => !stuck)
}
