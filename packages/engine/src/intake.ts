/**
 * From a batch that was read to records in progress: every one is opened in its partition's tracker, and what is left to do
 * is handed to the dispatcher.
 */
import type { PartitionAssignment } from './assignment.js'
import type { Core } from './core.js'
import { Care } from './in-flight-table.js'
import type { Ownership } from './ownership.js'
import type { ReadAhead } from './read-ahead.js'
import type { PartitionSlot, RecordBatch } from './record-batch.js'

export class Intake<Batch extends RecordBatch> {
  /** New records are looked up among those that were running when an earlier process died. */
  watchesProcessDeaths: boolean
  readonly #core: Core<Batch>
  readonly #ownership: Ownership
  readonly #readAhead: ReadAhead

  constructor(core: Core<Batch>, ownership: Ownership, readAhead: ReadAhead) {
    this.#core = core
    this.#ownership = ownership
    this.#readAhead = readAhead
    this.watchesProcessDeaths = core.options.processDeathLimit !== undefined
  }

  records(batch: Batch): void {
    const { slots, offsets, timestamps, keyHashes, keyLengths, sizes, length } = batch
    const { table, assignments, dispatcher, options } = this.#core
    const { delayMs = 0 } = options
    let slot = -1
    let assignment: PartitionAssignment | undefined
    let live = 0
    for (let i = 0; i < length; i++) {
      if (slots[i] !== slot) {
        if (assignment !== undefined) this.#readAhead.limit(assignment)
        slot = slots[i]!
        assignment = assignments.at(slot)
      }
      if (assignment === undefined) continue
      const offset = offsets[i]!
      if (assignment.tracker.precedes(offset)) {
        assignment = this.#ownership.rewound(assignment, offset)
        if (assignment === undefined) continue
      }
      if (assignment.finishedBefore !== undefined && assignment.wasFinished(offset)) {
        assignment.tracker.openFinished(offset)
        continue
      }
      const trackerPosition = assignment.tracker.open(offset)
      if (offset > assignment.cut) continue

      live++
      assignment.inFlight++
      const ticket = table.take()
      table.batch[ticket] = batch
      table.index[ticket] = i
      table.slot[ticket] = slot
      table.epoch[ticket] = assignment.epoch
      table.offset[ticket] = offset
      table.trackerPosition[ticket] = trackerPosition
      table.keyHash[ticket] = keyHashes[i]!
      table.hasKey[ticket] = keyLengths[i]! < 0 ? 0 : 1
      table.size[ticket] = sizes[i]!
      table.due[ticket] = delayMs === 0 ? 0 : this.#dueAt(timestamps[i]!, delayMs)
      table.attempt[ticket] = 1
      table.care[ticket] = this.watchesProcessDeaths ? this.#careFor(slot, offset) : Care.none
      dispatcher.accept(ticket)
    }
    // Not `= live`: a rewind within the batch may have dropped some of them already.
    batch.live -= length - live
    if (batch.live === 0) batch.release()
    if (assignment !== undefined) this.#readAhead.limit(assignment)
  }

  /** Not before its timestamp and the delay. A record without one is due, and one from the future counts as of now. */
  #dueAt(timestamp: number, delayMs: number): number {
    return timestamp < 0 ? 0 : Math.min(timestamp, this.#core.dispatcher.wall) + delayMs
  }

  #careFor(slot: PartitionSlot, offset: number): number {
    const { effects, options } = this.#core
    const deaths = effects.processDeaths(slot, offset)
    if (deaths === 0) return Care.none
    return deaths >= options.processDeathLimit! ? Care.never : Care.alone
  }
}
