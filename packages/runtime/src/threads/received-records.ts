/** The records that a thread has been sent and has not let go of, by ticket. */
import type { Ordering } from '@zk/engine'
import { NO_KEY } from '@zk/engine/in-thread'
import type { Frame } from './frame.js'

export class ReceivedRecords {
  readonly #ordering: Ordering
  readonly #frames: (Frame | undefined)[]
  /** Places in their frames. */
  readonly #places: Int32Array
  readonly #keys: Int32Array

  constructor(capacity: number, ordering: Ordering) {
    this.#ordering = ordering
    this.#frames = new Array(capacity).fill(undefined)
    this.#places = new Int32Array(capacity)
    this.#keys = new Int32Array(capacity)
  }

  set(ticket: number, frame: Frame, place: number): void {
    this.#frames[ticket] = frame
    this.#places[ticket] = place
    this.#keys[ticket] = this.#keyOf(frame, place)
  }

  /**
   * It stays for a while: what came with it need not.
   * @param attempt with which it shall seem to have been sent; default: as it was
   */
  keepAlone(ticket: number, attempt = this.attempt(ticket)): void {
    this.set(ticket, this.#frames[ticket]!.alone(this.#places[ticket]!, attempt), 0)
  }

  delete(ticket: number): void {
    this.#frames[ticket] = undefined
  }

  has(ticket: number, sequence: number): boolean {
    return this.#frames[ticket]?.sequence(this.#places[ticket]!) === sequence
  }

  frame(ticket: number): Frame {
    return this.#frames[ticket]!
  }
  place(ticket: number): number {
    return this.#places[ticket]!
  }

  slot(ticket: number): number {
    return this.#frames[ticket]!.slot(this.#places[ticket]!)
  }
  epoch(ticket: number): number {
    return this.#frames[ticket]!.epoch(this.#places[ticket]!)
  }
  offset(ticket: number): number {
    return this.#frames[ticket]!.offset(this.#places[ticket]!)
  }
  sequence(ticket: number): number {
    return this.#frames[ticket]!.sequence(this.#places[ticket]!)
  }
  /** With which main sent it. */
  attempt(ticket: number): number {
    return this.#frames[ticket]!.attempt(this.#places[ticket]!)
  }

  /** What it is serial with, for the queue. */
  key(ticket: number): number {
    return this.#keys[ticket]!
  }

  #keyOf(frame: Frame, place: number): number {
    if (this.#ordering === 'partition') return frame.slot(place)
    if (this.#ordering === 'none' || frame.keyLength(place) < 0) return NO_KEY
    // 31 bits, so that the map's keys stay small integers. Two keys that meet here merely wait for each other.
    return (Math.imul(frame.slot(place), 0x9e3779b1) ^ frame.keyHash(place)) >>> 1
  }
}
