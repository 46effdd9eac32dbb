/**
 * Which partitions this process owns, and since which epoch.
 *
 * A partition keeps its slot for ever; each assignment of it is a new epoch with a tracker of its own. An ack that
 * carries an older epoch therefore cannot move a newer watermark: it is looked up under its epoch and not found.
 */
import { OffsetTracker } from './offset-tracker.js'
import type { PartitionSlot } from './record-batch.js'

export interface TopicPartition {
  readonly topic: string
  readonly partition: number
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
  /** Reading is stopped because too many records lie above an unfinished one. */
  paused = false
  /** Records of this epoch that have not ended, wherever they are. */
  inFlight = 0
  /** The watermark that was handed over for commit last. */
  stored: number | undefined
  /** While draining: records above this offset are discarded. */
  cut = Number.POSITIVE_INFINITY

  constructor(
    readonly slot: PartitionSlot,
    readonly topic: string,
    readonly partition: number,
    readonly epoch: number,
  ) {}
}

export class AssignmentTable {
  readonly #slots = new Map<string, PartitionSlot>()
  readonly #names: TopicPartition[] = []
  readonly #epochs: number[] = []
  /** By slot; undefined where the partition is not ours now. */
  readonly #current: (PartitionAssignment | undefined)[] = []

  /** Begins a new epoch of a partition. */
  assign({ topic, partition }: TopicPartition): PartitionAssignment {
    const slot = this.slotOf({ topic, partition })
    if (this.#current[slot] !== undefined) throw new Error(`${topic}/${partition} is assigned already`)
    this.#epochs[slot]!++
    const assignment = new PartitionAssignment(slot, topic, partition, this.#epochs[slot]!)
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
