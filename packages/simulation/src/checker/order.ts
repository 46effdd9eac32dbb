/** I2 and I3: the order of the records of a key, and that no two of them run at once. */
import type { Run } from './attempts.js'
import { type ModelLimits, type ModelRecords, namesOf } from './model-log.js'
import type { Tenure } from './tenure.js'
import { Violation } from './violation.js'

/** Keys of a partition, at most. */
const KEYS = 16

interface BatchedRun extends Run {
  readonly batch: object
}

export class Order {
  readonly #records: ModelRecords
  readonly #name: (record: number) => string
  readonly #limits: ModelLimits
  /** By lane: handlers that run. */
  readonly #running: (BatchedRun[] | undefined)[] = []
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

  /** @param batch the same for records that a handler was given together, in order */
  started(tenure: Tenure, record: number, batch: object): void {
    const lane = this.#laneOf(record)
    if (lane < 0) return
    this.#alone(tenure, record, lane, batch)
    const key = lane % KEYS
    const open = this.#openOf(tenure, key)
    const last = tenure.lastStart[key] ?? -1
    const offsets = this.#records.offset
    // One that has come to no end may start again; any other comes after all that have ever started.
    if (last >= 0 && !open.includes(record) && offsets[record]! < offsets[last]!) {
      throw new Violation('I2', `${this.#name(record)} starts after ${offsets[last]} of its key`)
    }
    for (const before of open) {
      if (offsets[before]! >= offsets[record]!) break
      if (this.#runsIn(lane, tenure, before, batch)) continue
      throw new Violation('I2', `${this.#name(record)} starts although ${offsets[before]} of its key has not ended`)
    }
    if (!open.includes(record)) open.push(record)
    tenure.mustReturn.delete(record)
    if (last < 0 || offsets[record]! > offsets[last]!) tenure.lastStart[key] = record
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

  /** The handler has ended with it, well or for good, and it still runs. */
  finished(tenure: Tenure, record: number): void {
    const lane = this.#laneOf(record)
    if (lane < 0) return
    if (tenure.mustReturn.has(record)) {
      throw new Violation(
        'I2',
        `${this.#name(record)} is finished although one before it of its key is left to be tried again`,
      )
    }
    const [first] = this.#openOf(tenure, lane % KEYS)
    if (first === undefined || this.#records.offset[first]! >= this.#records.offset[record]!) return
    throw new Violation('I2', `${this.#name(record)} is finished before ${this.#name(first)} of its key`)
  }

  /** It has failed for good and stays for whoever reads on: those behind it in its batch are theirs too. */
  left(tenure: Tenure, record: number): void {
    const lane = this.#laneOf(record)
    if (lane < 0) return
    for (const behind of this.#openOf(tenure, lane % KEYS)) tenure.mustReturn.add(behind)
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

  /** Those of the key that have started and not come to an end. What failed for good lets its key go on. */
  #openOf(tenure: Tenure, key: number): number[] {
    const open = (tenure.open[key] ?? []).filter((record) => !tenure.hasEnded(record) && !tenure.hasFailed(record))
    open.sort((a, b) => this.#records.offset[a]! - this.#records.offset[b]!)
    tenure.open[key] = open
    return open
  }

  #runsIn(lane: number, tenure: Tenure, record: number, batch: object): boolean {
    return this.#running[lane]!.some((run) => run.tenure === tenure && run.record === record && run.batch === batch)
  }

  #alone(tenure: Tenure, record: number, lane: number, batch: object): void {
    this.#running[lane] ??= []
    const runs = this.#running[lane]
    for (const run of runs) {
      if (run.batch === batch) continue
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
    runs.push({ tenure, record, batch })
  }

  #laneOf(record: number): number {
    const { ordering } = this.#limits
    const key = this.#records.key[record]!
    if (ordering === 'partition') return this.#records.partition[record]! * KEYS
    return ordering === 'key' && key >= 0 ? this.#records.partition[record]! * KEYS + key : -1
  }
}
