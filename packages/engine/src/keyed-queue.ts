/**
 * FIFO per key, up to `concurrency` at once, keys in the order in which they became ready.
 *
 * Items are small integers (delivery tickets), so the queue owns no objects but one list per key that has a record
 * running or waiting. A hot key goes to the back of the ready line after each of its records, so it cannot starve others.
 */
import { TicketRing } from './ticket-ring.js'

/** An item without a key: it waits for no other item. */
export const NO_KEY = -1

interface Backlog {
  /** Items of the key behind the one that is running or ready; undefined until a second item arrives. */
  waiting: number[] | undefined
  /** Index of the next waiting item; what lies before it is cut off from time to time. */
  next: number
}

/** A backlog's past is cut off when it is this long and the longer half: rarely enough that an item costs O(1). */
const LONG_PAST = 256

export class KeyedQueue {
  readonly #concurrency: number
  readonly #backlogs = new Map<number, Backlog>()
  readonly #ready = new TicketRing()
  #running = 0
  #queued = 0

  constructor(concurrency: number) {
    this.#concurrency = concurrency
  }

  get running(): number {
    return this.#running
  }
  /** Items that wait, ready or behind their key. */
  get queued(): number {
    return this.#queued
  }

  /** @param key a number of its own for each key, or `NO_KEY` */
  push(key: number, item: number): void {
    this.#queued++
    // With one lane everything is serial in arrival order: keys need no bookkeeping.
    if (key === NO_KEY || this.#concurrency === 1) {
      this.#ready.push(item)
      return
    }
    const backlog = this.#backlogs.get(key)
    if (backlog === undefined) {
      this.#backlogs.set(key, { waiting: undefined, next: 0 })
      this.#ready.push(item)
    } else if (backlog.waiting === undefined) {
      backlog.waiting = [item]
    } else {
      backlog.waiting.push(item)
    }
  }

  /** @returns the next item that may start, now counted as running; -1 when none may. */
  take(): number {
    if (this.#running >= this.#concurrency || this.#ready.length === 0) return -1
    this.#running++
    this.#queued--
    return this.#ready.shift()
  }

  /** The item of `key` that was taken has ended: the next one of its key becomes ready. */
  done(key: number): void {
    this.#running--
    if (key === NO_KEY || this.#concurrency === 1) return
    const backlog = this.#backlogs.get(key)
    if (backlog === undefined) throw new Error(`key ${key} is not in progress`)
    if (backlog.waiting === undefined) {
      this.#backlogs.delete(key)
      return
    }
    this.#ready.push(backlog.waiting[backlog.next]!)
    backlog.next++
    if (backlog.next === backlog.waiting.length) {
      backlog.waiting = undefined
      backlog.next = 0
    } else if (backlog.next >= LONG_PAST && backlog.next * 2 >= backlog.waiting.length) {
      // A hot key may never run dry: without this its list would keep every item that it ever had.
      backlog.waiting = backlog.waiting.slice(backlog.next)
      backlog.next = 0
    }
  }
}
