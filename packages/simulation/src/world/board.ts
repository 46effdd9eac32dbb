/** What main and a thread share without messages. It stays with the place; threads come and go. */
import type { CircuitScope, DeliveryState } from '@zk/engine'
import type { Delivery } from './delivery.js'

export class SimBoard {
  readonly #states: DeliveryState[] = []
  readonly #sequences: number[] = []
  readonly #attempts: number[] = []
  readonly #flags: number[] = []
  /** By slot: what was cut, up to which epoch and above which offset. */
  readonly #cutEpochs: number[] = []
  readonly #cutOffsets: number[] = []
  readonly #held = new Set<CircuitScope>()
  readonly #permits = new Set<CircuitScope>()

  // ── main's side ────────────────────────────────────────────────────────────────────────────────────────────────

  queue(ticket: number, sequence: number, attempt: number): void {
    this.#states[ticket] = 'queued'
    this.#sequences[ticket] = sequence
    this.#attempts[ticket] = attempt
    this.#flags[ticket] = 0
  }

  stateOf(ticket: number, sequence: number): DeliveryState {
    return this.#sequences[ticket] === sequence ? this.#states[ticket]! : 'unknown'
  }

  attemptOf(ticket: number): number {
    return this.#attempts[ticket]!
  }

  flagsOf(ticket: number): number {
    return this.#flags[ticket]!
  }

  cut(slot: number, epoch: number, above: number): void {
    this.#cutEpochs[slot] = epoch
    this.#cutOffsets[slot] = above
  }

  holdStarts(scope: CircuitScope, held: boolean): void {
    if (held) this.#held.add(scope)
    else this.#held.delete(scope)
    this.#permits.delete(scope)
  }

  permit(scope: CircuitScope): void {
    if (this.#held.has(scope)) this.#permits.add(scope)
  }

  /** @returns false when the permit was used */
  withdraw(scope: CircuitScope): boolean {
    return this.#permits.delete(scope)
  }

  // ── the thread's side ──────────────────────────────────────────────────────────────────────────────────────────

  /** @param flags of the attempt that has failed; otherwise those of the one before stay */
  mark({ ticket, sequence }: Delivery, state: DeliveryState, attempt: number, flags?: number): void {
    if (this.#sequences[ticket] !== sequence) {
      throw new Error(`ticket ${ticket} was given away while its delivery was alive`)
    }
    this.#states[ticket] = state
    this.#attempts[ticket] = attempt
    if (flags !== undefined) this.#flags[ticket] = flags
  }

  /** It lies above its partition's cut. */
  isCut({ slot, epoch, offset }: Delivery): boolean {
    const cutEpoch = this.#cutEpochs[slot]
    if (cutEpoch === undefined || epoch > cutEpoch) return false
    return epoch < cutEpoch || offset > this.#cutOffsets[slot]!
  }

  /** Its partition was cut: it is not tried again. */
  isClosing({ slot, epoch }: Delivery): boolean {
    return epoch <= (this.#cutEpochs[slot] ?? 0)
  }

  /** Nothing of the partition starts. */
  isHeld(slot: number): boolean {
    return this.#isHeld('work') || this.#isHeld(slot)
  }

  /** Nothing holds starts of the partition up, so that one would take no permit. */
  isFree(slot: number): boolean {
    return !this.#held.has('work') && !this.#held.has(slot)
  }

  /** A delivery wants to start. @returns whether it may; its permit is used up then */
  admits(slot: number): boolean {
    const scope = this.#held.has('work') ? 'work' : slot
    return !this.#held.has(scope) || this.#permits.delete(scope)
  }

  #isHeld(scope: CircuitScope): boolean {
    return this.#held.has(scope) && !this.#permits.has(scope)
  }
}
