/** What the boards say of rows of the in-flight table. No closures and no objects: a look goes through all of them. */
import type { DeliveryState, Effects } from './effects.js'
import type { InFlightTable } from './in-flight-table.js'
import type { RecordBatch } from './record-batch.js'

/** The delivery of a row, on the board of its thread. */
export function stateOf(
  ticket: number,
  { thread, sequence }: InFlightTable<RecordBatch>,
  effects: Pick<Effects, 'deliveryState'>,
): DeliveryState {
  return effects.deliveryState(thread[ticket]!, ticket, sequence[ticket]!)
}

/** Runs, or has ended without our having heard of it. A parked one has run, and would have to start once more. */
export function hasStarted(state: DeliveryState): boolean {
  return state === 'running' || state === 'done' || state === 'failed'
}
