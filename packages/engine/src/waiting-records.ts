/**
 * Records that were read and opened, and whose time has not come or for which the window has no room, by partition: one
 * that is not due yet or has used up its share does not stand in the way of the others.
 *
 * Within a partition the order stays: a record behind one that is not due waits with it.
 */
import { type InFlightTable, Phase } from './in-flight-table.js'
import type { InFlightWindow } from './in-flight-window.js'
import type { PartitionSlot, RecordBatch } from './record-batch.js'
import { TicketRing } from './ticket-ring.js'

export class WaitingRecords {
  readonly #window: InFlightWindow
  readonly #table: InFlightTable<RecordBatch>
  /** By slot, in arrival order. A partition without a record that waits has none. */
  readonly #queues = new Map<PartitionSlot, TicketRing>()
  #length = 0
  /** What the clock on the wall says, in milliseconds. */
  wall = 0
  /** Waits for nearly all of the window; until it is in, nothing else enters. */
  #oversized: number | undefined

  constructor(window: InFlightWindow, table: InFlightTable<RecordBatch>) {
    this.#window = window
    this.#table = table
  }

  get length(): number {
    return this.#length
  }

  has(slot: PartitionSlot): boolean {
    return this.#queues.has(slot)
  }

  some(matches: (slot: PartitionSlot) => boolean): boolean {
    for (const slot of this.#queues.keys()) if (matches(slot)) return true
    return false
  }

  /** Whether a record that has just come may enter the window, before any that waits. It is counted in then. */
  admits(ticket: number): boolean {
    const slot = this.#table.slot[ticket]!
    if (this.#length > 0 && (this.#oversized !== undefined || this.#queues.has(slot))) return false
    if (!this.#isDue(ticket)) return false
    return this.#window.admit(slot, this.#table.size[ticket]!)
  }

  push(ticket: number): void {
    const slot = this.#table.slot[ticket]!
    const queue = this.#queues.get(slot) ?? new TicketRing()
    if (queue.length === 0) this.#queues.set(slot, queue)
    queue.push(ticket)
    this.#length++
    this.#table.phase[ticket] = Phase.waiting
    this.#look(ticket)
  }

  /** Admits what the window has room for. @param admitted called with each record, in its partition's order */
  letIn(admitted: (ticket: number) => void): void {
    if (this.#oversized !== undefined) {
      const slot = this.#table.slot[this.#oversized]!
      if (!this.#window.admitOversized(slot, this.#table.size[this.#oversized]!)) return
      this.#oversized = undefined
      admitted(this.#shift(slot))
    }
    for (const [slot, queue] of [...this.#queues]) {
      while (queue.length > 0 && this.#oversized === undefined && this.#enters(queue.at(0))) admitted(this.#shift(slot))
      if (queue.length === 0 || !this.#isDue(queue.at(0))) continue
      // Behind the others, for what room is left over the next time.
      this.#queues.delete(slot)
      this.#queues.set(slot, queue)
      this.#look(queue.at(0))
    }
  }

  /** Lets go of records. @param removed must not touch this */
  remove(matches: (ticket: number) => boolean, removed: (ticket: number) => void): void {
    if (this.#length === 0) return
    this.#oversized = undefined
    for (const [slot, queue] of [...this.#queues]) {
      queue.remove(matches, (ticket) => {
        this.#length--
        removed(ticket)
      })
      if (queue.length === 0) this.#queues.delete(slot)
      else this.#look(queue.at(0))
    }
  }

  /** When the first record of the partition may start; undefined when none waits, or only for room. */
  dueAt(slot: PartitionSlot): number | undefined {
    const first = this.#queues.get(slot)?.at(0)
    return first === undefined || this.#isDue(first) ? undefined : this.#table.due[first]
  }

  #isDue(ticket: number): boolean {
    return this.#table.due[ticket]! <= this.wall
  }

  #enters(ticket: number): boolean {
    return this.#isDue(ticket) && this.#window.admit(this.#table.slot[ticket]!, this.#table.size[ticket]!)
  }

  #shift(slot: PartitionSlot): number {
    const queue = this.#queues.get(slot)!
    const ticket = queue.shift()
    this.#length--
    if (queue.length === 0) this.#queues.delete(slot)
    return ticket
  }

  /** Looks at the first record of a partition: may it have to wait for nearly all of the window? */
  #look(first: number): void {
    const { slot, size } = this.#table
    const isFirst = this.#queues.get(slot[first]!)!.at(0) === first
    if (
      isFirst &&
      this.#isDue(first) &&
      this.#oversized === undefined &&
      this.#window.isOversized(slot[first]!, size[first]!)
    ) {
      this.#oversized = first
    }
  }
}
