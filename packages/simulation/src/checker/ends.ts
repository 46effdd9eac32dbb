/** I4: which records have ended, and what excuses that one of them starts again. */
import type { Excuse, Tenure } from './tenure.js'
import { Violation } from './violation.js'

export class Ends {
  /** Records that were started again after they had ended, by the cause that allowed it. */
  readonly repeats = new Map<Excuse, number>()
  /** By record: 1 when it ended in some tenure. */
  readonly done: number[] = []
  /** By record: the latest tenure in which it ended. */
  readonly #endedIn: (Tenure | undefined)[] = []

  complete(tenure: Tenure, record: number): void {
    this.done[record] = 1
    tenure.markEnded(record)
    if (tenure.id > (this.#endedIn[record]?.id ?? -1)) this.#endedIn[record] = tenure
  }

  started(tenure: Tenure, record: number, offset: number): void {
    if (tenure.hasEnded(record)) throw new Violation('I4', `${tenure.partition}/${offset} starts again after it ended`)
    const before = this.#endedIn[record]
    if (before !== undefined) this.#repeated(tenure, before, offset)
  }

  #repeated(tenure: Tenure, before: Tenure, offset: number): void {
    const excuse = before.mayRepeat ? 'reset' : (before.excuse ?? tenure.excuse)
    if (excuse === undefined) {
      const how = before.end === undefined ? 'by somebody who still has the partition' : 'and left in order'
      throw new Violation('I4', `${tenure.partition}/${offset} starts again: it ended in tenure ${before.id}, ${how}`)
    }
    // A commit that this owner began with covers it: only a reset explains that.
    if (offset < tenure.from && excuse !== 'reset') {
      throw new Violation('I4', `${tenure.partition}/${offset} starts again below ${tenure.from}`)
    }
    this.repeats.set(excuse, (this.repeats.get(excuse) ?? 0) + 1)
  }
}
