/** The offset above which nothing of a partition starts any more, while its work ends. */
import type { AssignmentTable, PartitionAssignment } from './assignment.js'
import { hasStarted, stateOf } from './delivery-state.js'
import type { Effects } from './effects.js'
import { type InFlightTable, Phase } from './in-flight-table.js'
import type { RecordBatch } from './record-batch.js'

/**
 * Cuts partitions that begin to drain above their highest record that has started, so that what runs on leaves no hole.
 * Deliveries above the cut are abandoned: their threads discard them when they come to them, and nobody waits for it.
 */
export function cutAboveStarted(
  partitions: ReadonlySet<PartitionAssignment>,
  assignments: AssignmentTable,
  table: InFlightTable<RecordBatch>,
  effects: Pick<Effects, 'hold' | 'cut' | 'deliveryState'>,
): void {
  const { offset } = table
  const sent = sentOf(partitions, assignments, table)
  const highest = new Map([...partitions].map((assignment) => [assignment, assignment.tracker.highestFinished]))
  // Held: a thread publishes "running" before it looks at hold and cut, so whatever the boards do not show as started
  // by now waits, and will find the cut.
  effects.hold(true)
  for (const [ticket, assignment] of sent) {
    if (!hasStarted(stateOf(ticket, table, effects))) continue
    highest.set(assignment, Math.max(highest.get(assignment)!, offset[ticket]!))
  }
  for (const [assignment, started] of highest) {
    // It may lie lower already, where something was handed back.
    assignment.cut = Math.min(assignment.cut, started)
    effects.cut(assignment.slot, assignment.epoch, assignment.cut)
  }
  effects.hold(false)
  for (const [ticket, assignment] of sent) if (offset[ticket]! > assignment.cut) abandon(ticket, assignment, table)
}

/** Cuts partitions altogether: what runs may end, and nothing else of them starts, whatever holes that leaves. */
export function cutAll(
  partitions: ReadonlySet<PartitionAssignment>,
  assignments: AssignmentTable,
  table: InFlightTable<RecordBatch>,
  effects: Pick<Effects, 'hold' | 'cut' | 'deliveryState'>,
): void {
  // Held: what does not run by now will find the cut. A parked one has run, and is handed back.
  effects.hold(true)
  for (const assignment of partitions) {
    assignment.cut = -1
    effects.cut(assignment.slot, assignment.epoch, -1)
  }
  for (const [ticket, assignment] of sentOf(partitions, assignments, table)) {
    if (!hasStarted(stateOf(ticket, table, effects))) abandon(ticket, assignment, table)
  }
  effects.hold(false)
}

function sentOf(
  partitions: ReadonlySet<PartitionAssignment>,
  assignments: AssignmentTable,
  table: InFlightTable<RecordBatch>,
): [ticket: number, assignment: PartitionAssignment][] {
  const sent: [number, PartitionAssignment][] = []
  for (const ticket of table.dispatched()) {
    const assignment = assignments.find(table.slot[ticket]!, table.epoch[ticket]!)
    if (assignment !== undefined && partitions.has(assignment)) sent.push([ticket, assignment])
  }
  return sent
}

function abandon(ticket: number, assignment: PartitionAssignment, table: InFlightTable<RecordBatch>): void {
  table.phase[ticket] = Phase.abandoned
  assignment.inFlight--
}
