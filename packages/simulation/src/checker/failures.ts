/** I1 and I9: the policy for failures, kept beside what happens: attempts and blame, circuits, and times before which nothing starts. */
import { Attempts, type Run } from './attempts.js'
import { type Attempt, Circuits } from './circuits.js'
import type { ModelLimits, ModelRecords } from './model-log.js'
import type { Stops } from './stops.js'
import type { Tenure } from './tenure.js'
import { Violation } from './violation.js'

/** The bits of a failure's flags. */
const NO_DEAD_LETTER = 4
const NO_CIRCUIT_BREAK = 8

export class Failures {
  readonly attempts: Attempts
  readonly #records: ModelRecords
  readonly #limits: ModelLimits
  readonly #stops: Stops
  /** By process. */
  readonly #circuits: (Circuits | undefined)[] = []
  /** Number of the latest start. */
  #start = 0

  constructor(records: ModelRecords, limits: ModelLimits, stops: Stops) {
    this.#records = records
    this.#limits = limits
    this.#stops = stops
    this.attempts = new Attempts(records, limits)
  }

  circuitsOf(member: number): Circuits {
    this.#circuits[member] ??= new Circuits(this.#limits.circuit!, () => this.#start)
    return this.#circuits[member]
  }

  /** @param wall the clock on the wall when it was read */
  opened(tenure: Tenure, record: number, wall: number): void {
    const { delayMs } = this.#limits
    const timestamp = this.#records.timestamp[record]!
    if (delayMs > 0 && timestamp >= 0) tenure.due.set(record, Math.min(timestamp, wall) + delayMs)
  }

  published(tenure: Tenure, record: number): void {
    if (this.#limits.circuit !== undefined) tenure.startOf.set(record, ++this.#start)
  }

  started(run: Run & { member: number; thread: number }, attempt: number, wall: number): void {
    const { tenure, record, member } = run
    const due = tenure.due.get(record) ?? wall
    const name = `${tenure.partition}/${this.#records.offset[record]}`
    if (wall < due) throw new Violation('I9', `${name} starts ${due - wall} ms before its time`)
    this.attempts.started(run, attempt)
    if (this.#limits.circuit === undefined) return
    this.circuitsOf(member).started(tenure.partition, tenure.startOf.get(record)!, name)
  }

  stopped(tenure: Tenure, record: number): void {
    this.attempts.stopped(tenure, record)
    if (this.#limits.circuit === undefined) return
    this.circuitsOf(tenure.member).stopped(tenure.partition, tenure.startOf.get(record)!)
  }

  /** An attempt has failed, and another follows. */
  parked(tenure: Tenure, record: number, flags: number): void {
    this.#charge(tenure, record)
    this.#attemptFailed(tenure, record, flags)
  }

  /** An attempt has failed for good. @returns whether that completes the record */
  failed(tenure: Tenure, record: number, flags: number): boolean {
    this.#charge(tenure, record)
    tenure.markFailed(record, flags)
    return this.#isCompletedBy(flags)
  }

  cut(member: number, partition: number): void {
    if (this.#limits.circuit !== undefined) this.circuitsOf(member).cut(partition)
  }

  /** It is not tried again here. */
  handedBack(tenure: Tenure, record: number): void {
    this.attempts.acquitted(tenure, record)
    if (this.#limits.circuit === undefined) return
    this.circuitsOf(tenure.member).handedBack(tenure.partition, record)
  }

  /** A thread is gone: as `Attempts.died`. */
  died(ran: readonly Run[], planned: boolean, guilty: readonly Run[] | undefined): void {
    for (const { tenure, record } of this.attempts.died(ran, planned, guilty)) this.#attemptFailed(tenure, record, 0)
  }

  /** An engine takes the failure of a record for final. @returns whether that completes the record */
  exhausted(tenure: Tenure, record: number, deadLetter: boolean): boolean {
    this.attempts.exhausted(tenure, record)
    const flags = tenure.flagsOf(record)
    const isWanted = this.#limits.deadLetters && (flags & NO_DEAD_LETTER) === 0
    if (isWanted !== deadLetter)
      throw new Violation('I9', `record ${record}: dead letter ${deadLetter}, not ${isWanted}`)
    tenure.markFailed(record, flags)
    this.#stops.outcome(tenure.member, deadLetter)
    if (!deadLetter) this.#stops.failed(tenure.member)
    this.outcome(tenure, record, (flags & NO_CIRCUIT_BREAK) === 0)
    return this.#isCompletedBy(flags)
  }

  /** A record has ended well, as its process sees it. */
  succeeded(tenure: Tenure, record: number): void {
    this.#stops.outcome(tenure.member, false)
    this.outcome(tenure, record, false)
  }

  /** A record has come to its final outcome, as its process sees it. */
  outcome(tenure: Tenure, record: number, failed: boolean): void {
    if (this.#limits.circuit === undefined) return
    this.circuitsOf(tenure.member).outcome(tenure.partition, this.#attemptOf(tenure, record), failed)
  }

  #charge(tenure: Tenure, record: number): void {
    tenure.charge(record)
    this.attempts.acquitted(tenure, record)
  }

  #attemptFailed(tenure: Tenure, record: number, flags: number): void {
    if (this.#limits.circuit === undefined || tenure.isCut || tenure.end !== undefined) return
    const failed = (flags & NO_CIRCUIT_BREAK) === 0
    this.circuitsOf(tenure.member).attempted(tenure.partition, this.#attemptOf(tenure, record), failed)
  }

  #attemptOf(tenure: Tenure, record: number): Attempt {
    return { record, start: tenure.startOf.get(record) ?? -1, isSure: !tenure.heldBack.has(record) }
  }

  /** A failure with these flags stops its work: the record stays for whoever reads on. */
  isLeft(flags: number): boolean {
    const { deadLetters, onExhausted } = this.#limits
    return onExhausted === 'stop' && (!deadLetters || (flags & NO_DEAD_LETTER) !== 0)
  }

  #isCompletedBy(flags: number): boolean {
    const { deadLetters, onExhausted } = this.#limits
    return onExhausted === 'complete' && (!deadLetters || (flags & NO_DEAD_LETTER) !== 0)
  }
}
