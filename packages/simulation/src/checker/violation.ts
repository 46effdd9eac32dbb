/**
 * I1 no loss, I2 key order, I3 no overlap per key, I4 duplicates only with a cause, I5 commits monotone and none of an
 * assignment that is over, I6 progress, I7 window and reading ahead under their caps, I8 nothing left at the end, I9 the
 * policy for failures: attempts are counted, only the guilty are blamed, nothing starts before its time or while a circuit
 * is open, the work stops when it has to and only then. `engine`: it threw.
 */
export type Invariant = 'I1' | 'I2' | 'I3' | 'I4' | 'I5' | 'I6' | 'I7' | 'I8' | 'I9' | 'engine'

export class Violation extends Error {
  readonly invariant: Invariant

  constructor(invariant: Invariant, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'Violation'
    this.invariant = invariant
  }
}
