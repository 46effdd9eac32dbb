/**
 * I1 and I9: how often a record was tried, and whose fault a death is. Counted from what threads did; what the policy says
 * follows from that.
 */
import { type ModelLimits, type ModelRecords, namesOf } from './model-log.js'
import type { Tenure } from './tenure.js'
import { Violation } from './violation.js'

export interface Run {
  readonly tenure: Tenure
  readonly record: number
}

interface ThreadRun extends Run {
  readonly member: number
  readonly thread: number
}

export class Attempts {
  readonly #name: (record: number) => string
  readonly #limits: ModelLimits
  #running: ThreadRun[] = []
  /** Each ran when a thread died over one of several, and is to be tried alone. */
  #suspects: Run[] = []

  constructor(records: ModelRecords, limits: ModelLimits) {
    this.#name = namesOf(records)
    this.#limits = limits
  }

  /** @param attempt as its thread counts it */
  started(run: ThreadRun, attempt: number): void {
    const { tenure, record } = run
    const charges = tenure.chargesOf(record)
    const name = this.#name(record)
    if (tenure.hasFailed(record)) throw new Violation('I9', `${name} starts although it has failed for good`)
    if (attempt !== charges + 1) {
      throw new Violation('I9', `attempt ${attempt} of ${name} starts after ${charges} that were charged`)
    }
    if (attempt > this.#limits.attempts) throw new Violation('I9', `${name} is tried for the ${attempt}. time`)
    if (this.#isCondemned(tenure, record)) throw new Violation('I9', `${name} starts, which has killed processes`)
    for (const other of this.#running) {
      if (other.member !== run.member) continue
      if (isMarked(run) || isMarked(other)) {
        throw new Violation('I9', `${name} and ${this.#name(other.record)} run in a process that one of them may kill`)
      }
      if (other.thread !== run.thread) continue
      if (this.#isSuspect(run) || this.#isSuspect(other)) {
        throw new Violation('I9', `${name} and ${this.#name(other.record)} run in one thread, one of them a suspect`)
      }
    }
    this.#running.push(run)
  }

  /** The handler runs no more. */
  stopped(tenure: Tenure, record: number): void {
    const at = this.#running.findIndex((run) => run.tenure === tenure && run.record === record)
    this.#running.splice(at, 1)
  }

  /** The record has come to an end, or to the end of an attempt: it has not killed its thread. */
  acquitted(tenure: Tenure, record: number): void {
    if (this.#suspects.length === 0) return
    this.#suspects = this.#suspects.filter((run) => run.tenure !== tenure || run.record !== record)
  }

  /**
   * A thread is gone.
   * @param ran what its board showed as running
   * @param guilty undefined when nobody knows
   * @returns what is charged an attempt and tried again
   */
  died(ran: readonly Run[], planned: boolean, guilty: readonly Run[] | undefined): readonly Run[] {
    if (planned) return []
    for (const { tenure, record } of ran) this.acquitted(tenure, record)
    const blamed = guilty ?? (ran.length === 1 ? ran : [])
    for (const { tenure, record } of blamed) tenure.charge(record)
    const isTriedAgain = ({ tenure, record }: Run) => !this.isExhausted(tenure, record)
    this.#suspects.push(...(guilty ?? ran).filter(isTriedAgain))
    return blamed.filter(isTriedAgain)
  }

  isExhausted(tenure: Tenure, record: number): boolean {
    return (
      this.#isCondemned(tenure, record) || tenure.hasFailed(record) || tenure.chargesOf(record) >= this.#limits.attempts
    )
  }

  /** An engine takes the failure of a record for final. */
  exhausted(tenure: Tenure, record: number): void {
    if (this.isExhausted(tenure, record)) return
    const { attempts } = this.#limits
    const charges = tenure.chargesOf(record)
    throw new Violation('I1', `${this.#name(record)} is called failed after ${charges} of ${attempts} attempts`)
  }

  /** Some record of the process is to be tried alone: its thread is given nothing else. */
  hasSuspects(member: number): boolean {
    return this.#suspects.some(({ tenure }) => tenure.member === member && tenure.end === undefined)
  }

  #isCondemned(tenure: Tenure, record: number): boolean {
    const { processDeathLimit } = this.#limits
    return processDeathLimit !== undefined && (tenure.marks.get(record) ?? 0) >= processDeathLimit
  }

  #isSuspect({ tenure, record }: Run): boolean {
    return this.#suspects.some((run) => run.tenure === tenure && run.record === record)
  }
}

/** It has to be alone in its process. */
function isMarked({ tenure, record }: Run): boolean {
  return (tenure.marks.get(record) ?? 0) > 0
}
