/** What the parts of the work engine share. */
import type { AssignmentTable } from './assignment.js'
import type { Circuits } from './circuits.js'
import type { Dispatcher } from './dispatcher.js'
import type { Effects } from './effects.js'
import type { InFlightTable } from './in-flight-table.js'
import type { RecordBatch } from './record-batch.js'
import type { WorkEngineOptions } from './work-engine-options.js'

export interface Core<Batch extends RecordBatch = RecordBatch> {
  readonly options: WorkEngineOptions
  readonly effects: Effects
  readonly table: InFlightTable<Batch>
  readonly assignments: AssignmentTable
  readonly dispatcher: Dispatcher
  /** Undefined where failures never hold up starts. */
  readonly circuits: Circuits | undefined
}
