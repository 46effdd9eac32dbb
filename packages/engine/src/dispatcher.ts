/**
 * From an opened record to its thread: it waits for its time and for room in the window, is pinned to a thread, and is
 * sent.
 *
 * Waiting is in arrival order within a partition, and each thread has an outbox in routing order, so a key's records are
 * sent in theirs. Sending gives a delivery its sequence number; that is the order in which a dead thread's
 * records go out again, before anything newer.
 *
 * Called for every record: no closures and no objects in `accept`, `proceed` and `letGo`.
 */
import type { Effects } from './effects.js'
import { Care, type InFlightTable, Phase } from './in-flight-table.js'
import { InFlightWindow } from './in-flight-window.js'
import { Outbox } from './outbox.js'
import type { PartitionSlot, RecordBatch } from './record-batch.js'
import { TicketRing } from './ticket-ring.js'
import { MOVES, VirtualPartitions } from './virtual-partitions.js'
import { WaitingRecords } from './waiting-records.js'
import type { WorkEngineOptions } from './work-engine-options.js'

const NONE = -1
const NOTHING: Demand = { records: 0, bytes: 0 }

/** What a read may bring at most. */
export interface Demand {
  readonly records: number
  readonly bytes: number
}

export class Dispatcher {
  readonly window: InFlightWindow
  readonly #table: InFlightTable<RecordBatch>
  readonly #effects: Pick<Effects, 'dispatch'>
  readonly #routes: VirtualPartitions
  readonly #outboxes: Outbox[]
  readonly #waiting: WaitingRecords
  /** In the window, but of keys that move to another thread. */
  readonly #moving = new TicketRing()
  #sequence: number
  readonly #spareRows: number
  readonly #scratch: Int32Array
  /** A record that runs alone in the whole process, or waits until nothing else runs: nothing is sent meanwhile. */
  #alone = NONE
  /** Condemned records whose turn has come, until they are taken. */
  #condemned: number[] = []

  constructor(options: WorkEngineOptions, table: InFlightTable<RecordBatch>, effects: Pick<Effects, 'dispatch'>) {
    this.window = new InFlightWindow(options.window)
    this.#table = table
    this.#effects = effects
    this.#waiting = new WaitingRecords(this.window, table)
    this.#routes = new VirtualPartitions(options.threads, options.ordering, options.affinity, options.concurrency)
    this.#outboxes = Array.from({ length: options.threads }, () => new Outbox())
    this.#sequence = options.firstSequence ?? 0
    this.#scratch = new Int32Array(table.capacity)
    this.#spareRows = options.spareRows
  }

  /** What the clock on the wall says, in milliseconds, as it was told last: records whose time has come may go out. */
  get wall(): number {
    return this.#waiting.wall
  }

  set wall(now: number) {
    this.#waiting.wall = now
  }

  /**
   * How much the next read may bring; zero records while the window is nearly full, so that reads stay large, and while
   * records wait that are still being read.
   *
   * @param isRead whether records of a partition are read now
   * @param unopened a batch that is opened while that read is under way: it counts as if it were in the window
   */
  demand(isRead: (slot: PartitionSlot) => boolean, unopened?: RecordBatch): Demand {
    const { fairMessages, maxMessages, shareBytes } = this.window
    const { openMessages, freeBytes } = unopened === undefined ? this.window : this.window.behind(unopened)
    if (freeBytes <= 0 || this.#waiting.some(isRead)) return NOTHING
    // A partition that waits is not read any more, and the others go on within their shares: were each to bring a whole
    // window before it is stopped, the records that wait would fill the memory.
    const isFair = this.#waiting.length > 0 || openMessages < Math.max(1, maxMessages >> 3)
    // A window that is nearly full keeps handlers busy while the batch is opened.
    if (isFair && unopened !== undefined) return NOTHING
    const records = Math.min(isFair ? fairMessages : openMessages, this.#table.free - this.#spareRows)
    if (records <= 0) return NOTHING
    return { records, bytes: isFair ? Math.min(freeBytes, Math.max(1, shareBytes)) : freeBytes }
  }

  /** Takes a record that was just opened. It goes out with the next `proceed`, or once its time and room for it come. */
  accept(ticket: number): void {
    if (this.#waiting.admits(ticket)) this.#route(ticket)
    else this.#waiting.push(ticket)
  }

  /** Lets waiting records into the window and sends what is routed. */
  proceed(): void {
    if (this.#routes.arrive()) for (let left = this.#moving.length; left > 0; left--) this.#route(this.#moving.shift())
    if (this.#waiting.length > 0) this.#waiting.letIn(this.#admitted)
    this.#flush()
  }

  /** Condemned records whose turn has come, each once. */
  takeCondemned(): readonly number[] {
    if (this.#condemned.length === 0) return this.#condemned
    const condemned = this.#condemned
    this.#condemned = []
    return condemned
  }

  /** Whether records of any partition wait for their time or for room in the window. */
  get anyWaiting(): boolean {
    return this.#waiting.length > 0
  }

  /** Whether records of the partition wait for their time or for room in the window. */
  hasWaiting(slot: PartitionSlot): boolean {
    return this.#waiting.has(slot)
  }

  /** When the first record of the partition that waits may start, on the wall clock; undefined when none waits for that. */
  dueAt(slot: PartitionSlot): number | undefined {
    return this.#waiting.dueAt(slot)
  }

  /** The record has ended: its place in the window is free, and its key may move when this was the last of it. */
  letGo(ticket: number): void {
    this.leaveThread(ticket)
    this.leaveWindow(ticket)
  }

  /** No thread has the record any more. */
  leaveThread(ticket: number): void {
    const { thread, slot, keyHash, hasKey } = this.#table
    this.#routes.release(thread[ticket]!, slot[ticket]!, keyHash[ticket]!, hasKey[ticket] === 1)
    this.#outboxes[thread[ticket]!]!.ended(ticket)
    if (this.#alone === ticket) this.#alone = NONE
  }

  leaveWindow(ticket: number): void {
    const { size, slot } = this.#table
    this.window.release(slot[ticket]!, size[ticket]!)
  }

  /** The thread serves: what waits for it goes out. */
  threadUp(thread: number): void {
    this.#outboxes[thread]!.up = true
    this.#flush()
  }

  /** Nothing is sent to the thread until it is up again. */
  threadDown(thread: number): void {
    this.#outboxes[thread]!.up = false
  }

  /**
   * These deliveries of a thread that is gone go out again, in this order and before all others, once it is up; the
   * suspects among them first, one at a time.
   */
  sendAgain(thread: number, tickets: readonly number[], suspects: readonly number[]): void {
    for (const ticket of tickets) {
      this.#table.phase[ticket] = Phase.routed
      if (this.#alone === ticket) this.#alone = NONE
    }
    const again = [...tickets]
    if (this.#alone !== NONE && this.#table.thread[this.#alone] === thread) {
      // It has waited for them to end, and its turn comes behind them.
      again.push(this.#alone)
      this.#alone = NONE
    }
    // Newer ones wait there when the thread was retired before it ended.
    this.#outboxes[thread]!.again(again, suspects)
  }

  /** Lets go of records that were not sent yet. @param dropped called with each, which is no longer held by anything here */
  dropUnsent(matches: (ticket: number) => boolean, dropped: (ticket: number) => void): void {
    this.#waiting.remove(matches, dropped)
    const letGo = (ticket: number) => {
      this.letGo(ticket)
      dropped(ticket)
    }
    if (this.#alone !== NONE && this.#table.phase[this.#alone] === Phase.routed && matches(this.#alone)) {
      letGo(this.#alone)
    }
    for (const outbox of this.#outboxes) outbox.remove(matches, letGo)
    this.#moving.remove(matches, (ticket) => {
      this.leaveWindow(ticket)
      dropped(ticket)
    })
  }

  /**
   * A suspect whose attempt has failed without killing its thread holds nobody up while it waits for the next: but for other
   * suspects, which it could start beside.
   */
  acquit(isParked: (ticket: number) => boolean): void {
    for (const outbox of this.#outboxes) {
      const { onTrial } = outbox
      if (onTrial === undefined || onTrial === this.#alone || outbox.hasSuspects) continue
      if (isParked(onTrial)) outbox.ended(onTrial)
    }
  }

  /** Handlers take batches. @param messages that the window has room for, whatever else shrinks it */
  takesBatches(messages: number): void {
    this.window.atLeast(messages)
    this.#routes.stay()
  }

  /** Messages routed to a thread that have not ended. */
  load(thread: number): number {
    return this.#routes.load(thread)
  }

  /** The record that runs alone, or is to, and holds up what is routed to the thread; undefined when none does. */
  aloneBefore(thread: number): number | undefined {
    return this.#alone === NONE ? this.#outboxes[thread]!.onTrial : this.#alone
  }

  readonly #admitted = (ticket: number): void => this.#route(ticket)

  #route(ticket: number): void {
    const table = this.#table
    const thread = this.#routes.route(table.slot[ticket]!, table.keyHash[ticket]!, table.hasKey[ticket] === 1)
    if (thread === MOVES) {
      table.phase[ticket] = Phase.moving
      this.#moving.push(ticket)
      return
    }
    table.thread[ticket] = thread
    table.phase[ticket] = Phase.routed
    this.#outboxes[thread]!.push(ticket)
  }

  #flush(): void {
    for (let thread = 0; thread < this.#outboxes.length && this.#mayFlush(); thread++) {
      const outbox = this.#outboxes[thread]!
      if (outbox.isClosed) continue
      if (outbox.hasSuspects) this.#sendSuspect(thread, outbox)
      else this.#sendAll(thread, outbox)
    }
  }

  /** Whether no record has to be alone; sends it when its time has come. */
  #mayFlush(): boolean {
    if (this.#alone === NONE) return true
    const { phase, thread } = this.#table
    if (phase[this.#alone] !== Phase.routed || !this.#outboxes[thread[this.#alone]!]!.up) return false
    // Nothing but a record that must not start any more: a thread discards it without running it.
    if (this.#table.nextDispatched(NONE) !== NONE) return false
    this.#send(this.#alone, 0)
    this.#effects.dispatch(thread[this.#alone]!, this.#scratch, 1)
    return false
  }

  #sendSuspect(thread: number, outbox: Outbox): void {
    const ticket = outbox.try()
    if (this.#table.care[ticket] === Care.alone) {
      this.#beAlone(ticket)
      return
    }
    this.#send(ticket, 0)
    this.#effects.dispatch(thread, this.#scratch, 1)
  }

  #sendAll(thread: number, outbox: Outbox): void {
    const { care } = this.#table
    const { length } = outbox
    let count = 0
    for (let i = 0; i < length; i++) {
      const ticket = outbox.at(i)
      if (care[ticket] !== Care.none) {
        this.#sendUpTo(thread, outbox, i, count)
        return
      }
      this.#send(ticket, count++)
    }
    outbox.clear()
    this.#effects.dispatch(thread, this.#scratch, count)
  }

  /** A record that needs care stands at `index`: what is before it goes out now, and what is behind it later. */
  #sendUpTo(thread: number, outbox: Outbox, index: number, count: number): void {
    for (let i = 0; i < index; i++) outbox.shift()
    if (count > 0) this.#effects.dispatch(thread, this.#scratch, count)
    const ticket = outbox.shift()
    if (this.#table.care[ticket] === Care.never) this.#condemned.push(ticket)
    else this.#beAlone(ticket)
  }

  #beAlone(ticket: number): void {
    this.#alone = ticket
    this.#mayFlush()
  }

  #send(ticket: number, at: number): void {
    const { attempt, countsFrom, phase, sequence } = this.#table
    // 0 stands for "never sent".
    this.#sequence = (this.#sequence + 1) | 0 || 1
    sequence[ticket] = this.#sequence
    phase[ticket] = Phase.dispatched
    countsFrom[ticket] = attempt[ticket]!
    this.#scratch[at] = ticket
  }
}
