/** The acks of one thread, from the end of a handler to main. */
import { ACK_WORDS } from '@zk/engine'
import type { Delivery } from './delivery.js'

export class AckBox {
  /** On their way, oldest first. */
  readonly posted: Int32Array[] = []
  /** Those that arrived last, for a duplicate. */
  last: Int32Array | undefined
  #acks: number[] = []

  get hasUnposted(): boolean {
    return this.#acks.length > 0
  }

  /** Nothing has ended that main cannot know yet. */
  get isEmpty(): boolean {
    return this.#acks.length === 0 && this.posted.length === 0
  }

  add({ ticket, sequence }: Delivery, outcome: number, micros: number): void {
    this.#acks.push(ticket, sequence, outcome, micros)
  }

  /** @returns how many were posted */
  post(): number {
    const acks = Int32Array.from(this.#acks)
    this.#acks = []
    this.posted.push(acks)
    return acks.length / ACK_WORDS
  }

  /** The thread is dead: what it had not posted is lost. */
  lose(): void {
    this.#acks = []
  }

  /** The next that arrive. */
  take(): Int32Array {
    const acks = this.posted.shift()!
    this.last = acks
    return acks
  }
}
