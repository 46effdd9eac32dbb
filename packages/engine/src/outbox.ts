/**
 * What one thread is to be sent, in order, and the suspects among it: records that ran when it died and of which one may
 * have killed it. Those go first, each alone, and nothing follows until it has ended; whoever kills the thread once more
 * was the one.
 */
import { TicketRing } from './ticket-ring.js'

const NONE = -1

export class Outbox {
  /** The thread serves: what is routed to it may be sent. */
  up = false
  readonly #tickets = new TicketRing()
  readonly #suspects = new TicketRing()
  /** The suspect that was sent, and whose attempt has not ended. */
  #onTrial = NONE

  push(ticket: number): void {
    this.#tickets.push(ticket)
  }

  /** Nothing may be sent now. */
  get isClosed(): boolean {
    return !this.up || this.#onTrial !== NONE || this.#tickets.length + this.#suspects.length === 0
  }

  get hasSuspects(): boolean {
    return this.#suspects.length > 0
  }

  /** How many may be sent now, as long as there are no suspects. */
  get length(): number {
    return this.#tickets.length
  }

  at(index: number): number {
    return this.#tickets.at(index)
  }

  shift(): number {
    return this.#tickets.shift()
  }

  clear(): void {
    this.#tickets.clear()
  }

  /** The suspect that was sent and whose attempt has not ended; undefined when there is none. */
  get onTrial(): number | undefined {
    return this.#onTrial === NONE ? undefined : this.#onTrial
  }

  /** The first suspect is sent: nothing else until it has ended. */
  try(): number {
    this.#onTrial = this.#suspects.shift()
    return this.#onTrial
  }

  /** A delivery of the thread has ended, or an attempt that another follows: it has not killed the thread. */
  ended(ticket: number): void {
    if (this.#onTrial === ticket) this.#onTrial = NONE
  }

  /** The thread is gone: these go out again before all others, in their order, and suspects before the rest of them. */
  again(tickets: readonly number[], suspects: readonly number[]): void {
    // One on trial that the thread has not come to, or was replaced under, is as suspect as before.
    const suspected = new Set(suspects)
    const isSuspect = (ticket: number) => ticket === this.#onTrial || suspected.has(ticket)
    putBefore(tickets.filter(isSuspect), this.#suspects)
    putBefore(
      tickets.filter((ticket) => !isSuspect(ticket)),
      this.#tickets,
    )
    this.#onTrial = NONE
  }

  remove(matches: (ticket: number) => boolean, removed: (ticket: number) => void): void {
    this.#suspects.remove(matches, removed)
    this.#tickets.remove(matches, removed)
  }
}

function putBefore(first: readonly number[], ring: TicketRing): void {
  for (let i = first.length - 1; i >= 0; i--) ring.unshift(first[i]!)
}
