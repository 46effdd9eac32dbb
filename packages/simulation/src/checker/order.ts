/** I2 and I3: the order of the records of a key, and that no two of them run at once. */
import type { Run } from './attempts.js'
import { type ModelLimits, type ModelRecords, namesOf } from './model-log.js'
import type { Tenure } from './tenure.js'
import { Violation } from './violation.js'

/** Keys of a partition, at most. */
const KEYS = 16

export class Order {
  readonly #records: ModelRecords
  readonly #name: (record: number) => string
  readonly #limits: ModelLimits
  /** By lane: handlers that run. */
  readonly #running: (Run[] | undefined)[] = []
  /**
   * By lane: the latest record that was ever started, except by a process that was given up already. Records are numbered
   * as they are written, so those of a log that was made anew come after those that it had before.
   */
  readonly #firstStarts: number[] = []
  /** By record. */
  readonly #everStarted: boolean[] = []

  constructor(records: ModelRecords, limits: ModelLimits) {
    this.#records = records
    this.#name = namesOf(records)
    this.#limits = limits
  }

  started(tenure: Tenure, record: number): void {
    const lane = this.#laneOf(record)
    if (lane < 0) return
    const offset = this.#records.offset[record]!
    this.#alone(tenure, record, lane)
    const key = lane % KEYS
    const last = tenure.lastStart[key] ?? -1
    if (last >= 0 && last !== record) {
      const before = this.#records.offset[last]!
      if (offset < before) throw new Violation('I2', `${this.#name(record)} starts after ${before} of its key`)
      // What failed for good lets its key go on, although its offset may wait for its dead letter.
      if (!tenure.hasEnded(last) && !tenure.hasFailed(last)) {
        throw new Violation('I2', `${this.#name(record)} starts although ${before} of its key has not ended`)
      }
    }
    tenure.lastStart[key] = record
    if (this.#everStarted[record]) return
    this.#everStarted[record] = true
    // Kafka itself may skip those that were written below what was read before the log was cut short, and give them later.
    if (tenure.excuse !== undefined || this.#records.unprotected[record] === 1) return
    const latest = this.#firstStarts[lane] ?? -1
    if (record < latest) {
      throw new Violation(
        'I2',
        `${this.#name(record)} starts for the first time after ${this.#name(latest)} of its key`,
      )
    }
    this.#firstStarts[lane] = record
  }

  /** The record is completed although it never started: what its thread was about to do when it died counts as a run. */
  passed(record: number): void {
    this.#everStarted[record] = true
  }

  /** The handler runs no more. */
  stopped(tenure: Tenure, record: number): void {
    const lane = this.#laneOf(record)
    if (lane < 0) return
    const runs = this.#running[lane]!
    const at = runs.findIndex((run) => run.tenure === tenure && run.record === record)
    runs.splice(at, 1)
  }

  /** The partition is read again, or other records take the place of its own: the order begins again. */
  reset(partition: number): void {
    for (let lane = partition * KEYS; lane < (partition + 1) * KEYS; lane++) this.#firstStarts[lane] = -1
  }

  #alone(tenure: Tenure, record: number, lane: number): void {
    this.#running[lane] ??= []
    const runs = this.#running[lane]
    for (const run of runs) {
      if (run.tenure.member === tenure.member) {
        throw new Violation('I3', `${this.#name(record)} starts while ${this.#name(run.record)} of its key runs`)
      }
      // Of another process: only one that was given up, or whose handlers outlived their deadline, may still run it.
      if (run.tenure.excuse === undefined && tenure.excuse === undefined) {
        throw new Violation(
          'I3',
          `${this.#name(record)} starts in process ${tenure.member} while ${this.#name(run.record)} of its key runs in ${run.tenure.member}`,
        )
      }
    }
    runs.push({ tenure, record })
  }

  #laneOf(record: number): number {
    const { ordering } = this.#limits
    const key = this.#records.key[record]!
    if (ordering === 'partition') return this.#records.partition[record]! * KEYS
    return ordering === 'key' && key >= 0 ? this.#records.partition[record]! * KEYS + key : -1
  }
}
