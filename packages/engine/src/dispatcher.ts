/**
 * From an opened record to its thread: it waits for room in the window, is pinned to a thread, and is sent.
 *
 * Waiting is in arrival order within a partition, and each thread has an outbox in routing order, so a key's records are
 * sent in theirs. Sending gives a delivery its sequence number; that is the order in which a dead thread's
 * records go out again, before anything newer.
 *
 * Called for every record: no closures and no objects in `accept`, `proceed` and `letGo`.
 */
import type { Effects } from './effects.js'
import { type InFlightTable, Phase } from './in-flight-table.js'
import { InFlightWindow } from './in-flight-window.js'
import type { PartitionSlot, RecordBatch } from './record-batch.js'
import { TicketRing } from './ticket-ring.js'
import { VirtualPartitions } from './virtual-partitions.js'
import { WaitingRecords } from './waiting-records.js'
import type { WorkEngineOptions } from './work-engine-options.js'

interface Outbox {
  /** The thread serves: what is routed to it may be sent. */
  up: boolean
  /** Routed and not sent, in order. */
  readonly tickets: TicketRing
}

export class Dispatcher {
  readonly window: InFlightWindow
  readonly #table: InFlightTable<RecordBatch>
  readonly #effects: Pick<Effects, 'dispatch'>
  readonly #routes: VirtualPartitions
  readonly #outboxes: Outbox[]
  readonly #waiting: WaitingRecords
  #sequence: number
  readonly #spareRows: number
  readonly #scratch: Int32Array

  constructor(options: WorkEngineOptions, table: InFlightTable<RecordBatch>, effects: Pick<Effects, 'dispatch'>) {
    this.window = new InFlightWindow(options.window)
    this.#table = table
    this.#effects = effects
    this.#waiting = new WaitingRecords(this.window, table)
    this.#routes = new VirtualPartitions(options.threads, options.ordering, options.affinity)
    this.#outboxes = Array.from({ length: options.threads }, () => ({ up: false, tickets: new TicketRing() }))
    this.#sequence = options.firstSequence ?? 0
    this.#scratch = new Int32Array(table.capacity)
    this.#spareRows = options.spareRows
  }

  /**
   * How much the next read may bring; zero records while the window is nearly full, so that reads stay large, and while
   * records wait that are still being read.
   *
   * @param isRead whether records of a partition are read now
   */
  demand(isRead: (slot: PartitionSlot) => boolean): { records: number; bytes: number } {
    const { openMessages, reservedMessages, freeBytes, maxMessages, shareBytes } = this.window
    if (freeBytes === 0 || this.#waiting.some(isRead)) return { records: 0, bytes: 0 }
    // A partition that waits is not read any more, and the others go on within their shares: were each to bring a whole
    // window before it is stopped, the records that wait would fill the memory.
    const isFair = this.#waiting.length > 0 || openMessages < Math.max(1, maxMessages >> 3)
    const records = Math.min(isFair ? reservedMessages : openMessages, this.#table.free - this.#spareRows)
    if (records <= 0) return { records: 0, bytes: 0 }
    return { records, bytes: isFair ? Math.min(freeBytes, Math.max(1, shareBytes)) : freeBytes }
  }

  /** Takes a record that was just opened. It goes out with the next `proceed`, or once the window has room for it. */
  accept(ticket: number): void {
    if (this.#waiting.admits(ticket)) this.#route(ticket)
    else this.#waiting.push(ticket)
  }

  /** Lets waiting records into the window and sends what is routed. */
  proceed(): void {
    if (this.#waiting.length > 0) this.#waiting.letIn(this.#admitted)
    this.#flush()
  }

  /** Whether records of any partition wait for room in the window. */
  get anyWaiting(): boolean {
    return this.#waiting.length > 0
  }

  /** Whether records of the partition wait for room in the window. */
  hasWaiting(slot: PartitionSlot): boolean {
    return this.#waiting.has(slot)
  }

  /** The record has ended: its place in the window is free, and its key may move when this was the last of it. */
  letGo(ticket: number): void {
    const { size, thread, slot, keyHash, hasKey } = this.#table
    this.window.release(slot[ticket]!, size[ticket]!)
    this.#routes.release(thread[ticket]!, slot[ticket]!, keyHash[ticket]!, hasKey[ticket] === 1)
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

  /** These deliveries of a thread that is gone go out again, in this order and before all others, once it is up. */
  sendAgain(thread: number, tickets: readonly number[]): void {
    const outbox = this.#outboxes[thread]!.tickets
    // Newer ones wait there when the thread was retired before it ended.
    const newer = outbox.length
    for (const ticket of tickets) {
      this.#table.phase[ticket] = Phase.routed
      outbox.push(ticket)
    }
    for (let i = 0; i < newer; i++) outbox.push(outbox.shift())
  }

  /** Lets go of records that were not sent yet. @param dropped called with each, which is no longer held by anything here */
  dropUnsent(matches: (ticket: number) => boolean, dropped: (ticket: number) => void): void {
    this.#waiting.remove(matches, dropped)
    for (const { tickets } of this.#outboxes) {
      tickets.remove(matches, (ticket) => {
        this.letGo(ticket)
        dropped(ticket)
      })
    }
  }

  /** Messages routed to a thread that have not ended. */
  load(thread: number): number {
    return this.#routes.load(thread)
  }

  readonly #admitted = (ticket: number): void => this.#route(ticket)

  #route(ticket: number): void {
    const table = this.#table
    const thread = this.#routes.route(table.slot[ticket]!, table.keyHash[ticket]!, table.hasKey[ticket] === 1)
    table.thread[ticket] = thread
    table.phase[ticket] = Phase.routed
    this.#outboxes[thread]!.tickets.push(ticket)
  }

  #flush(): void {
    const { phase, sequence } = this.#table
    for (let thread = 0; thread < this.#outboxes.length; thread++) {
      const { up, tickets } = this.#outboxes[thread]!
      const count = tickets.length
      if (!up || count === 0) continue
      for (let i = 0; i < count; i++) {
        const ticket = tickets.at(i)
        // 0 stands for "never sent".
        this.#sequence = (this.#sequence + 1) | 0 || 1
        sequence[ticket] = this.#sequence
        phase[ticket] = Phase.dispatched
        this.#scratch[i] = ticket
      }
      tickets.clear()
      this.#effects.dispatch(thread, this.#scratch, count)
    }
  }
}
