/**
 * Which partitions this process owns, and since which epoch.
 *
 * A partition keeps its slot for ever; each assignment of it is a new epoch with a tracker of its own. An ack that
 * carries an older epoch therefore cannot move a newer watermark: it is looked up under its epoch and not found.
 */
import { FinishedRanges } from './finished-ranges.js'
import { OffsetTracker } from './offset-tracker.js'
import type { PartitionSlot } from './record-batch.js'

export interface TopicPartition {
  readonly topic: string
  readonly partition: number
}

/** A partition that is given to us, and what the group knows of it. */
export interface AssignedPartition extends TopicPartition {
  /** The offset that the group has committed, where reading begins; undefined when there is none or it is not known. */
  readonly committed?: number | undefined
  /** What was finished above it, as flat ranges (see `FinishedRanges`). */
  readonly finished?: readonly number[] | undefined
}

/** `topic/partition`: what a partition is called in maps and logs. */
export function nameOf({ topic, partition }: TopicPartition): string {
  return `${topic}/${partition}`
}

/** assigned → draining (revoked or shutting down: nothing new starts) → gone; a lost assignment skips draining. */
export type PartitionState = 'assigned' | 'draining'

/** One partition under one assignment. */
export class PartitionAssignment implements TopicPartition {
  readonly tracker = new OffsetTracker()
  state: PartitionState = 'assigned'
  /** Reading is stopped: too many records lie above an unfinished one, or wait for room in the window. */
  paused = false
  /** Records of it waited for room at the last look. */
  waited = false
  /** Records of this epoch that have not ended, wherever they are. */
  inFlight = 0
  /** The watermark that was handed over for commit last, and the tracker's `finishes` then. */
  stored: number | undefined
  storedFinishes = 0
  /** While draining: records above this offset are discarded. */
  cut = Number.POSITIVE_INFINITY
  /** While draining: keys of which a record was handed back unfinished. What comes after it goes to the next owner. */
  #handedBack: Set<number> | undefined
  /** Where reading should begin. */
  readonly committed: number | undefined
  /** Finished by an earlier owner; undefined when nothing of it is left to be met. */
  finishedBefore: FinishedRanges | undefined
  readonly slot: PartitionSlot
  readonly epoch: number
  readonly topic: string
  readonly partition: number

  constructor(slot: PartitionSlot, epoch: number, { topic, partition, committed, finished = [] }: AssignedPartition) {
    this.slot = slot
    this.epoch = epoch
    this.topic = topic
    this.partition = partition
    this.committed = committed
    this.finishedBefore = finished.length === 0 ? undefined : new FinishedRanges(finished)
  }

  /** @param keyHash a key of which nothing starts any more in this epoch */
  handBack(keyHash: number): void {
    this.#handedBack ??= new Set()
    this.#handedBack.add(keyHash)
  }

  isHandedBack(keyHash: number): boolean {
    return this.#handedBack?.has(keyHash) === true
  }

  /** Finished above the watermark, by us or by an earlier owner, as flat ranges (see `FinishedRanges`). */
  finishedAbove(): number[] {
    const ours = this.tracker.finishedAbove()
    const rest = this.finishedBefore?.from(this.tracker.next ?? 0) ?? []
    if (rest.length === 0 || ours.at(-1) !== rest[0]) return [...ours, ...rest]
    // Met in its middle: what was read of a range and what was not are one.
    return [...ours.slice(0, -1), ...rest.slice(1)]
  }

  /**
   * Reading begins at an offset. Below what was committed these are other records than the commit spoke of, or somebody
   * wants them again: what was finished says nothing then.
   */
  begins(offset: number): void {
    const isFirst = this.tracker.next === undefined
    if (isFirst && this.committed !== undefined && offset < this.committed) this.finishedBefore = undefined
  }

  /** Whether an earlier owner finished a record that is about to be opened. Offsets come ascending. */
  wasFinished(offset: number): boolean {
    this.begins(offset)
    if (this.finishedBefore === undefined) return false
    const finished = this.finishedBefore.has(offset)
    if (this.finishedBefore.isPassed) this.finishedBefore = undefined
    return finished
  }

  /** What is to be committed and was not handed over for it yet; undefined when there is nothing new. */
  takeUnstored(): { watermark: number; finished: readonly number[] } | undefined {
    const { watermark, finishes, span } = this.tracker
    if (watermark === undefined || (watermark === this.stored && finishes === this.storedFinishes)) return undefined
    // Before anything is finished the watermark is only where reading began.
    if (finishes === 0 && span > 0) return undefined
    this.stored = watermark
    this.storedFinishes = finishes
    return { watermark, finished: this.finishedAbove() }
  }
}

export class AssignmentTable {
  readonly #slots = new Map<string, PartitionSlot>()
  readonly #names: TopicPartition[] = []
  readonly #epochs: number[] = []
  /** By slot; undefined where the partition is not ours now. */
  readonly #current: (PartitionAssignment | undefined)[] = []

  /** Begins a new epoch of a partition. */
  assign(partition: AssignedPartition): PartitionAssignment {
    const slot = this.slotOf(partition)
    if (this.#current[slot] !== undefined) throw new Error(`${nameOf(partition)} is assigned already`)
    this.#epochs[slot]!++
    const assignment = new PartitionAssignment(slot, this.#epochs[slot]!, partition)
    this.#current[slot] = assignment
    return assignment
  }

  /** Ends the epoch: from now on its acks are stale. */
  end(slot: PartitionSlot): void {
    this.#current[slot] = undefined
  }

  /** The partition's assignment now, or undefined when it is not ours. */
  of(partition: TopicPartition): PartitionAssignment | undefined {
    const slot = this.#slots.get(nameOf(partition))
    return slot === undefined ? undefined : this.#current[slot]
  }

  /** Its slot for ever, also when it is assigned later. */
  slotOf({ topic, partition }: TopicPartition): PartitionSlot {
    const name = nameOf({ topic, partition })
    let slot = this.#slots.get(name)
    if (slot === undefined) {
      slot = this.#names.length
      this.#slots.set(name, slot)
      this.#names.push({ topic, partition })
      this.#epochs.push(0)
      this.#current.push(undefined)
    }
    return slot
  }

  nameOf(slot: PartitionSlot): TopicPartition {
    return this.#names[slot]!
  }

  /** The assignment of a slot now, or undefined when the partition is not ours. */
  at(slot: PartitionSlot): PartitionAssignment | undefined {
    return this.#current[slot]
  }

  /** The assignment that a delivery belongs to, or undefined when that epoch is over. */
  find(slot: PartitionSlot, epoch: number): PartitionAssignment | undefined {
    const assignment = this.#current[slot]
    return assignment?.epoch === epoch ? assignment : undefined
  }

  /** What is ours now, in slot order. */
  *[Symbol.iterator](): Iterator<PartitionAssignment> {
    for (const assignment of this.#current) if (assignment !== undefined) yield assignment
  }
}
