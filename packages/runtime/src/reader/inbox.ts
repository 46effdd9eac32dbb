/**
 * What a reader has read: records in the order of their partition until somebody takes them, and which of those are done.
 *
 * Every record is opened in its partition's tracker as it is read, so that nothing that waits here, or is in somebody's hands, is
 * ever committed past. A record is a copy: the block that it came in goes back to the reader at once.
 */
import {
  type AssignedPartition,
  AssignmentTable,
  type PartitionAssignment,
  type PartitionSlot,
  type TopicPartition,
} from '@zk/engine'
import { type CopiedRecord, copyRecord } from '../delivery/letter-of.js'
import type { PackedBatch } from '../kafka/packed-batch.js'

/** A partition that is paused goes on at this share of the limit. */
const RESUME_SHARE = 0.75
/** Records that were taken are let go of so many at a time. */
const DROPPED_AT = 1_000

export interface ReceivedRecord extends CopiedRecord {
  readonly assignment: PartitionAssignment
  readonly offset: number
  /** In the tracker. */
  readonly position: number
  isDone: boolean
}

export interface InboxOptions {
  /** How far a partition may be read beyond its oldest record that is not done. */
  maxUncommittedRecords: number
  /** Stop or go on reading a partition, which has so many records that are not done. */
  setPaused(assignment: PartitionAssignment, paused: boolean): void
  /** The partition was rewound: it is to be read again from here. */
  restart(partition: TopicPartition, offset: number): void
  /** What is to be committed of a partition. */
  store(assignment: PartitionAssignment, watermark: number, finished: readonly number[]): void
}

export class Inbox {
  readonly assignments = new AssignmentTable()
  readonly counters = { processed: 0 }
  readonly #options: InboxOptions
  #records: ReceivedRecord[] = []
  /** Of `records`: what lies below was taken. */
  #next = 0
  #drains: { assignments: readonly PartitionAssignment[]; done: (complete: boolean) => void }[] = []

  constructor(options: InboxOptions) {
    this.#options = options
  }

  /** Records that wait. */
  get size(): number {
    return this.#records.length - this.#next
  }

  assigned(partitions: readonly AssignedPartition[]): PartitionSlot[] {
    return partitions.map((partition) => this.assignments.assign(partition).slot)
  }

  accept(batch: PackedBatch): void {
    const limited = new Set<PartitionAssignment>()
    for (let i = 0; i < batch.length; i++) {
      const offset = batch.offsets[i]!
      let assignment = this.assignments.at(batch.slots[i]!)
      if (assignment?.tracker.precedes(offset)) assignment = this.#rewound(assignment, offset)
      if (assignment === undefined) continue
      if (assignment.wasFinished(offset)) {
        assignment.tracker.openFinished(offset)
        continue
      }
      const position = assignment.tracker.open(offset)
      limited.add(assignment)
      // Its next owner reads it.
      if (assignment.state === 'draining') continue
      this.#records.push({ ...copyRecord(batch, i), assignment, offset, position, isDone: false })
    }
    batch.release()
    for (const assignment of limited) this.#limit(assignment)
  }

  reachedEnd(slot: PartitionSlot, offset: number): void {
    const assignment = this.assignments.at(slot)
    assignment?.begins(offset)
    assignment?.tracker.reachedEnd(offset)
  }

  /** The next record; undefined when none is there. It is in the taker's hands until it is done. */
  take(): ReceivedRecord | undefined {
    const record = this.#records[this.#next]
    if (record === undefined) return undefined
    this.#next++
    if (this.#next === DROPPED_AT || this.#next === this.#records.length) {
      this.#records.splice(0, this.#next)
      this.#next = 0
    }
    record.assignment.inFlight++
    return record
  }

  /** One that was taken and could not be used yet is the next again, behind those of its partition that came before it. */
  putBack(record: ReceivedRecord): void {
    record.assignment.inFlight--
    if (this.#isCurrent(record.assignment) && record.assignment.state === 'assigned') {
      let at = this.#next
      for (let i = at; i < this.#records.length; i++) {
        const { assignment, position } = this.#records[i]!
        if (assignment === record.assignment && position < record.position) at = i + 1
      }
      this.#records.splice(at, 0, record)
    }
    this.#lookAtDrains()
  }

  /** Idempotent. What belongs to an assignment that is over changes nothing. */
  finish(record: ReceivedRecord): void {
    if (record.isDone) return
    record.isDone = true
    const { assignment, position } = record
    assignment.inFlight--
    if (!this.#isCurrent(assignment)) return
    assignment.tracker.finish(position)
    this.counters.processed++
    const { maxUncommittedRecords } = this.#options
    if (assignment.paused && assignment.tracker.span < maxUncommittedRecords * RESUME_SHARE) {
      assignment.paused = false
      this.#options.setPaused(assignment, false)
    }
    this.#lookAtDrains()
  }

  storeWatermarks(): void {
    for (const assignment of this.assignments) {
      const unstored = assignment.takeUnstored()
      if (unstored !== undefined) this.#options.store(assignment, unstored.watermark, unstored.finished)
    }
  }

  /**
   * Nothing more of these partitions is taken.
   * @returns whether all that was taken was done in time
   */
  drain(slots: readonly PartitionSlot[], timeoutMs: number): Promise<boolean> {
    const assignments = slots.map((slot) => this.assignments.at(slot)).filter((one) => one !== undefined)
    for (const assignment of assignments) assignment.state = 'draining'
    this.#drop(new Set(assignments))
    return new Promise((resolve) => {
      const drain = {
        assignments,
        done: (complete: boolean) => {
          clearTimeout(timer)
          this.#drains = this.#drains.filter((one) => one !== drain)
          resolve(complete)
        },
      }
      const timer = setTimeout(() => drain.done(false), timeoutMs)
      this.#drains.push(drain)
      this.#lookAtDrains()
    })
  }

  /** The deadline of every drain is now. */
  giveUp(): void {
    for (const { done } of [...this.#drains]) done(false)
  }

  /** These partitions are not ours any more. */
  end(slots: readonly PartitionSlot[]): void {
    const ended = new Set(slots.map((slot) => this.assignments.at(slot)).filter((one) => one !== undefined))
    for (const slot of slots) this.assignments.end(slot)
    // The partition may go on under the same assignment of the consumer, where nobody would resume it.
    for (const assignment of ended) if (assignment.paused) this.#options.setPaused(assignment, false)
    this.#drop(ended)
  }

  /** @returns the epoch that the record belongs to, or undefined when it is to be read again */
  #rewound(assignment: PartitionAssignment, offset: number): PartitionAssignment | undefined {
    const { slot, topic, partition, state, tracker } = assignment
    const watermark = tracker.watermark!
    this.end([slot])
    if (state === 'draining') return undefined
    if (offset <= watermark) return this.assignments.assign({ topic, partition })
    // What is not done below it would not be read again: an epoch that begins here would commit past it.
    this.#options.restart({ topic, partition }, watermark)
    return undefined
  }

  #limit(assignment: PartitionAssignment): void {
    if (assignment.paused || assignment.tracker.span < this.#options.maxUncommittedRecords) return
    assignment.paused = true
    this.#options.setPaused(assignment, true)
  }

  #drop(assignments: ReadonlySet<PartitionAssignment>): void {
    this.#records = this.#records.slice(this.#next).filter(({ assignment }) => !assignments.has(assignment))
    this.#next = 0
  }

  #isCurrent(assignment: PartitionAssignment): boolean {
    return this.assignments.at(assignment.slot) === assignment
  }

  #lookAtDrains(): void {
    for (const { assignments, done } of [...this.#drains]) {
      if (assignments.every(({ inFlight }) => inFlight === 0)) done(true)
    }
  }
}
