/**
 * FIFO per key, up to `concurrency` at once, keys in the order in which they became ready. Several of a key may be taken
 * together, for a handler that takes them in order.
 *
 * Items are small integers (delivery tickets), so the queue owns no objects but one list per key that has a record
 * running, parked or waiting. A hot key goes to the back of the ready line after each of its records, so it cannot starve
 * others. An item that has to be tried again later is parked: it holds no lane, and its key stays closed.
 */
import { TicketRing } from './ticket-ring.js'

/** An item without a key: it waits for no other item. */
export const NO_KEY = -1

interface Backlog {
  /** Items of the key behind the one that is running, parked or ready; undefined until a second item arrives. */
  waiting: number[] | undefined
  /** Index of the next waiting item; what lies before it is cut off from time to time. */
  next: number
  /** Items of the key that run beside its first: one handler has them together, in order. */
  beside: number
}

/** A backlog's past is cut off when it is this long and the longer half: rarely enough that an item costs O(1). */
const LONG_PAST = 256

export class KeyedQueue {
  #concurrency: number
  readonly #keyed: boolean
  readonly #backlogs = new Map<number, Backlog>()
  readonly #ready = new TicketRing()
  #running = 0
  #parked = 0
  #queued = 0

  /**
   * @param keyed whether keys are kept apart. With one lane everything is serial in arrival order anyway, and keys need no
   * bookkeeping, unless an item may be parked.
   */
  constructor(concurrency: number, keyed = concurrency > 1) {
    this.#concurrency = concurrency
    this.#keyed = keyed
  }

  /** How many may run at once. What runs beyond a lower one goes on; nothing starts until there is room. */
  set concurrency(lanes: number) {
    this.#concurrency = lanes
  }
  get running(): number {
    return this.#running
  }
  /** Items that were taken and wait to be tried again. */
  get parked(): number {
    return this.#parked
  }
  /** Items that wait and whose key does not hold them back. */
  get ready(): number {
    return this.#ready.length
  }
  /** Items that wait, ready or behind their key. */
  get queued(): number {
    return this.#queued
  }

  /**
   * Whether so many may be taken together now: those that are ready, and those behind them. What waits behind a key that runs
   * or is parked may not.
   * @param keyOf of an item that is ready
   */
  hasTogether(enough: number, keyOf: (item: number) => number): boolean {
    let count = this.#ready.length
    if (count >= enough || this.#queued < enough) return count >= enough
    for (let i = 0; i < this.#ready.length && count < enough; i++) {
      const backlog = this.#backlogs.get(keyOf(this.#ready.at(i)))
      if (backlog?.waiting !== undefined) count += backlog.waiting.length - backlog.next
    }
    return count >= enough
  }

  /** @param key a number of its own for each key, or `NO_KEY` */
  push(key: number, item: number): void {
    this.#queued++
    if (key === NO_KEY || !this.#keyed) {
      this.#ready.push(item)
      return
    }
    const backlog = this.#backlogs.get(key)
    if (backlog === undefined) {
      this.#backlogs.set(key, { waiting: undefined, next: 0, beside: 0 })
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

  /**
   * The next item that waits behind the one of `key` that was taken: it runs together with it, whatever `concurrency` is.
   * The key stays closed until `done` was called for each of them.
   * @returns -1 when none waits there
   */
  takeBehind(key: number): number {
    if (key === NO_KEY || !this.#keyed) return -1
    const backlog = this.#inProgress(key)
    if (backlog.waiting === undefined) return -1
    backlog.beside++
    this.#running++
    this.#queued--
    return shift(backlog)
  }

  /** Items of `key` that ran beside an earlier one are to run after it: they are the first to wait behind it, in this order. */
  putBehind(key: number, items: readonly number[]): void {
    if (items.length === 0) return
    const backlog = this.#inProgress(key)
    backlog.waiting = [...items, ...(backlog.waiting?.slice(backlog.next) ?? [])]
    backlog.next = 0
    backlog.beside -= items.length
    this.#running -= items.length
    this.#queued += items.length
  }

  /** The item of `key` that was taken has ended: the next one of its key becomes ready, unless others run beside it. */
  done(key: number): void {
    this.#running--
    if (this.#keyed && key !== NO_KEY) this.#open(key)
  }

  /** The item that was taken last was not started after all: it is the first to be taken again. */
  putBack(item: number): void {
    this.#running--
    this.#queued++
    this.#ready.unshift(item)
  }

  /** The item of `key` that was taken gives its lane back. Nothing of its key is taken before it. */
  park(key: number): void {
    if (key !== NO_KEY) this.#inProgress(key)
    this.#running--
    this.#parked++
  }

  /** The parked item of `key` may be taken again, before the others of its key. */
  unpark(key: number, item: number): void {
    if (key !== NO_KEY) this.#inProgress(key)
    this.#parked--
    this.#queued++
    this.#ready.push(item)
  }

  /** The parked item of `key` is not tried again: the next one of its key becomes ready. */
  release(key: number): void {
    this.#parked--
    if (this.#keyed && key !== NO_KEY) this.#open(key)
  }

  /** Ready items that `matches` are parked, in order. `parked` must not touch the queue. */
  parkReady(matches: (item: number) => boolean, parked: (item: number) => void): void {
    this.#ready.remove(matches, (item) => {
      this.#queued--
      this.#parked++
      parked(item)
    })
  }

  /** Removes the items that wait behind the one of `key` that is running or parked and that `matches`, in order. */
  withdraw(key: number, matches: (item: number) => boolean, withdrawn: (item: number) => void): void {
    if (key === NO_KEY || !this.#keyed) return
    const backlog = this.#inProgress(key)
    if (backlog.waiting === undefined) return
    const left: number[] = []
    const gone: number[] = []
    for (const item of backlog.waiting.slice(backlog.next)) (matches(item) ? gone : left).push(item)
    this.#queued -= gone.length
    backlog.waiting = left.length === 0 ? undefined : left
    backlog.next = 0
    for (const item of gone) withdrawn(item)
  }

  #open(key: number): void {
    const backlog = this.#inProgress(key)
    if (backlog.beside > 0) backlog.beside--
    else if (backlog.waiting === undefined) this.#backlogs.delete(key)
    else this.#ready.push(shift(backlog))
  }

  /** @throws Error for a key of which nothing was taken, and for any key where keys are not kept apart */
  #inProgress(key: number): Backlog {
    const backlog = this.#backlogs.get(key)
    if (backlog === undefined) throw new Error(`key ${key} is not in progress`)
    return backlog
  }
}

/** @param backlog with something that waits @returns the first of that */
function shift(backlog: Backlog): number {
  const waiting = backlog.waiting!
  const item = waiting[backlog.next]!
  backlog.next++
  if (backlog.next === waiting.length) {
    backlog.waiting = undefined
    backlog.next = 0
  } else if (backlog.next >= LONG_PAST && backlog.next * 2 >= waiting.length) {
    // A hot key may never run dry: without this its list would keep every item that it ever had.
    backlog.waiting = waiting.slice(backlog.next)
    backlog.next = 0
  }
  return item
}
