/** I1 and I5: what is handed over for commit and what the broker takes, against what has really ended. */
import { type ModelLog, type ModelRecords, namesOf } from './model-log.js'
import { contains, type Tenure } from './tenure.js'
import { Violation } from './violation.js'

export class Commits {
  readonly #records: ModelRecords
  readonly #name: (record: number) => string
  readonly #logs: readonly ModelLog[]
  /** By record: 1 when it ended well in some tenure. */
  readonly #done: readonly number[]
  /** By partition: below it every record has ended. */
  readonly #verified: number[]
  /** By partition: the tenure of the last commit that was taken, and its offset. */
  readonly #lastTenure: number[]
  readonly #lastOffset: number[]

  constructor(records: ModelRecords, logs: readonly ModelLog[], done: readonly number[]) {
    this.#records = records
    this.#name = namesOf(records)
    this.#logs = logs
    this.#done = done
    this.#verified = logs.map(() => 0)
    this.#lastTenure = logs.map(() => -1)
    this.#lastOffset = logs.map(() => -1)
  }

  /** An engine hands an offset over. */
  stored(tenure: Tenure, offset: number, finished: readonly number[]): void {
    const { partition, opened } = tenure
    if (tenure.end !== undefined) throw new Violation('I5', `${partition}/${offset} is stored, which is not ours`)
    if (offset < tenure.stored) throw new Violation('I5', `${partition}/${offset} is stored after ${tenure.stored}`)
    tenure.stored = offset
    const offsets = this.#records.offset
    while (tenure.settled < opened.length && offsets[opened[tenure.settled]!]! < offset) {
      const record = opened[tenure.settled++]!
      if (!tenure.hasEnded(record) && !contains(tenure.inherited, offsets[record]!)) {
        throw new Violation('I1', `${partition}/${offset} is stored, but ${offsets[record]} has not ended`)
      }
    }
    if (finished.length === 0) return
    for (let i = tenure.settled; i < opened.length; i++) {
      const record = opened[i]!
      if (tenure.hasEnded(record) || !contains(finished, offsets[record]!)) continue
      if (!contains(tenure.inherited, offsets[record]!)) {
        throw new Violation('I1', `${partition}/${offsets[record]} is told to be finished and has not ended`)
      }
    }
  }

  /** The broker has taken a commit of this tenure. */
  taken(tenure: Tenure, offset: number, finished: readonly number[]): void {
    const { partition, id } = tenure
    const log = this.#logs[partition]!
    const offsets = this.#records.offset
    const isSame = this.#lastTenure[partition] === id
    if (this.#lastTenure[partition]! > id || (isSame && offset < this.#lastOffset[partition]!)) {
      throw new Violation('I5', `${partition}/${offset} is committed after ${this.#lastOffset[partition]}`)
    }
    if (offset < tenure.from) throw new Violation('I5', `${partition}/${offset} is committed, below ${tenure.from}`)
    this.#lastTenure[partition] = id
    this.#lastOffset[partition] = offset
    for (let i = log.indexOf(this.#verified[partition]!); i < log.ids.length; i++) {
      const record = log.ids[i]!
      if (offsets[record]! >= offset) break
      this.#mustBeDone(record, offset)
    }
    if (offset > this.#verified[partition]!) this.#verified[partition] = offset
    for (let at = 0; at < finished.length; at += 2) {
      for (let i = log.indexOf(finished[at]!); i < log.ids.length; i++) {
        if (offsets[log.ids[i]!]! >= finished[at + 1]!) break
        this.#mustBeDone(log.ids[i]!, offset)
      }
    }
  }

  /** I4: after a drain in order and an acknowledged commit nothing that ended is left for the next owner to repeat. */
  leftInOrder(tenure: Tenure): void {
    const { partition, opened, settled } = tenure
    const { committed } = this.#logs[partition]!
    for (let i = settled; i < opened.length; i++) {
      const record = opened[i]!
      const offset = this.#records.offset[record]!
      if (!tenure.hasEnded(record) || (committed !== undefined && offset < committed.offset)) continue
      if (committed !== undefined && contains(committed.finished, offset)) continue
      throw new Violation('I4', `${partition} is left at ${committed?.offset}, though ${offset} has ended`)
    }
  }

  /** Other records may come from this offset on. */
  reset(partition: number, offset: number): void {
    if (offset < this.#verified[partition]!) this.#verified[partition] = offset
  }

  /** Nothing may be missing when all is committed. */
  complete(): void {
    for (const { ids } of this.#logs) for (const record of ids) this.#mustBeDone(record, Number.POSITIVE_INFINITY)
  }

  #mustBeDone(record: number, offset: number): void {
    if (this.#done[record] === 1 || this.#records.unprotected[record] === 1) return
    throw new Violation('I1', `${this.#name(record)} lies below commit ${offset} and never ended`)
  }
}
