/** I7: how far reading may be ahead of the oldest record that has not ended. */
import type { ModelLimits, ModelRecords } from './model-log.js'
import { contains, type Tenure } from './tenure.js'
import { Violation } from './violation.js'

export class Reading {
  readonly #records: ModelRecords
  readonly #limits: ModelLimits

  constructor(records: ModelRecords, limits: ModelLimits) {
    this.#records = records
    this.#limits = limits
  }

  /** A read brings more of a tenure. The one before may have gone beyond the limit, and should have been the last then. */
  goesOn(tenure: Tenure): void {
    const { opened, inherited } = tenure
    const hasEnded = (record: number) => tenure.hasEnded(record) || contains(inherited, this.#records.offset[record]!)
    while (tenure.oldest < opened.length && hasEnded(opened[tenure.oldest]!)) tenure.oldest++
    const ahead = opened.length - tenure.oldest
    const { maxUncommittedRecords } = this.#limits
    if (ahead < maxUncommittedRecords) return
    throw new Violation(
      'I7',
      `partition ${tenure.partition} is read on, ${ahead} records from its oldest unfinished one, of ${maxUncommittedRecords}`,
    )
  }
}
