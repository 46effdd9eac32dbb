/**
 * How the work on partitions begins and ends: an epoch for each assignment, a drain for those that are to go, and what must
 * not start any more.
 */
import type { AssignedPartition, PartitionAssignment } from './assignment.js'
import type { Core } from './core.js'
import { cutAboveStarted, cutAll } from './cuts.js'
import { Drains } from './drains.js'
import type { PartitionSlot } from './record-batch.js'

export class Ownership {
  readonly drains = new Drains()
  readonly #core: Core

  constructor(core: Core) {
    this.#core = core
  }

  /** @returns the slots of the partitions, in their order */
  assigned(partitions: readonly AssignedPartition[]): PartitionSlot[] {
    const { assignments, dispatcher } = this.#core
    const slots = partitions.map((partition) => assignments.assign(partition).slot)
    for (const slot of slots) dispatcher.window.join(slot)
    return slots
  }

  drain(slots: readonly PartitionSlot[], deadline: number): void {
    const { assignments, table, effects } = this.#core
    const all = this.#of(slots)
    const fresh = all.filter(({ state }) => state === 'assigned')
    for (const assignment of fresh) this.#beginDraining(assignment)
    cutAboveStarted(new Set(fresh), assignments, table, effects)
    this.drains.begin({ slots, assignments: all, deadline })
    this.dropUnsent()
  }

  halt(slots: readonly PartitionSlot[]): void {
    const { assignments, table, effects } = this.#core
    const partitions = this.#of(slots)
    for (const assignment of partitions) this.#beginDraining(assignment)
    cutAll(new Set(partitions), assignments, table, effects)
    this.dropUnsent()
  }

  gone(slots: readonly PartitionSlot[]): void {
    for (const slot of slots) this.#endEpoch(slot)
    this.dropUnsent()
  }

  /**
   * The partition goes on at a lower offset: what was read of it is void, as if it had been given back to us.
   *
   * @returns its new epoch; undefined when it has to be assigned anew, or ends by the drain that is under way
   */
  rewound(assignment: PartitionAssignment, offset: number): PartitionAssignment | undefined {
    const { assignments, dispatcher, effects } = this.#core
    const { slot, topic, partition, state, tracker } = assignment
    effects.rewound(slot, tracker.next!, offset)
    const watermark = tracker.watermark!
    this.#endEpoch(slot)
    this.dropUnsent()
    if (offset > watermark && state === 'assigned') {
      // What is unfinished below would not be read again: a new epoch that begins here would commit past it.
      effects.restart(slot, watermark)
      return undefined
    }
    // Above an unfinished record nothing may be committed any more; the next owner begins where the last commit was.
    if (offset > watermark) return undefined
    const next = assignments.assign({ topic, partition })
    next.state = state
    // A drain that was reported already must stay true: nothing of the new epoch starts.
    if (state === 'draining') next.cut = -1
    else dispatcher.window.join(slot)
    return next
  }

  /** Must not start any more: its epoch has ended, it lies above its partition's cut, or its key was handed back. */
  readonly isOver = (ticket: number): boolean => {
    const { offset, hasKey, keyHash } = this.#core.table
    const assignment = this.#assignmentOf(ticket)
    if (assignment === undefined || offset[ticket]! > assignment.cut) return true
    return hasKey[ticket] === 1 && assignment.isHandedBack(keyHash[ticket]!)
  }

  /** Forgets records that were not sent to a thread and must not start any more. */
  dropUnsent(): void {
    const { dispatcher, table } = this.#core
    dispatcher.dropUnsent(this.isOver, (ticket) => {
      const assignment = this.#assignmentOf(ticket)
      if (assignment !== undefined) assignment.inFlight--
      table.release(ticket)
    })
  }

  /** Nothing of a partition would start until the deadline while its circuit is open, whenever that has opened. */
  cutHeldBack(): void {
    const { assignments, circuits, table, effects } = this.#core
    if (circuits === undefined) return
    const held = new Set<PartitionAssignment>()
    for (const assignment of assignments) {
      const isGoing = assignment.state === 'draining' && assignment.cut >= 0
      if (isGoing && circuits.holdsBack(assignment.slot)) held.add(assignment)
    }
    if (held.size === 0) return
    cutAll(held, assignments, table, effects)
    this.dropUnsent()
  }

  #of(slots: readonly PartitionSlot[]): PartitionAssignment[] {
    const wanted = new Set(slots)
    return [...this.#core.assignments].filter(({ slot }) => wanted.has(slot))
  }

  #beginDraining(assignment: PartitionAssignment): void {
    assignment.state = 'draining'
    this.#core.dispatcher.window.leave(assignment.slot)
  }

  #endEpoch(slot: PartitionSlot): void {
    const { assignments, dispatcher, effects } = this.#core
    const assignment = assignments.at(slot)
    if (assignment === undefined) return
    effects.cut(slot, assignment.epoch, -1)
    // The partition may go on under the same assignment of the consumer, where nobody would resume it.
    if (assignment.paused) effects.resume(slot)
    assignments.end(slot)
    dispatcher.window.leave(slot)
  }

  #assignmentOf(ticket: number): PartitionAssignment | undefined {
    const { assignments, table } = this.#core
    return assignments.find(table.slot[ticket]!, table.epoch[ticket]!)
  }
}
