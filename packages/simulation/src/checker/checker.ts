/**
 * Judges a schedule while it runs, by what threads really did, what engines handed over and what the broker took: never by
 * what an engine says of itself. This folder imports nothing of the engine.
 */
import type { Run } from './attempts.js'
import type { Circuits } from './circuits.js'
import { Commits } from './commits.js'
import { Ends } from './ends.js'
import { Failures } from './failures.js'
import type { Leftovers, ModelLimits, ModelLog, ModelRecords } from './model-log.js'
import { Occupancy } from './occupancy.js'
import { Order } from './order.js'
import { Reading } from './reading.js'
import { Stops } from './stops.js'
import { contains, type End, type Excuse, Tenure } from './tenure.js'
import { Violation } from './violation.js'

/** A delivery, as far as the checker goes. */
export interface Delivered {
  readonly tenure: number
  readonly record: number
}

export class Checker {
  /** That works stop when they have to. */
  readonly stops: Stops
  readonly #records: ModelRecords
  readonly #logs: readonly ModelLog[]
  readonly #order: Order
  readonly #commits: Commits
  readonly #failures: Failures
  readonly #occupancy: Occupancy
  readonly #reading: Reading
  readonly #ends = new Ends()
  readonly #tenures: Tenure[] = []

  constructor(records: ModelRecords, logs: readonly ModelLog[], limits: ModelLimits) {
    this.#records = records
    this.#logs = logs
    this.#order = new Order(records, limits)
    this.stops = new Stops(limits)
    this.#failures = new Failures(records, limits, this.stops)
    this.#occupancy = new Occupancy(records, limits)
    this.#reading = new Reading(records, limits)
    this.#commits = new Commits(records, logs, this.#ends.done)
  }

  /** Tenures so far; their numbers are below this. */
  get tenures(): number {
    return this.#tenures.length
  }

  /** Records that were started again after they had ended, by the cause that allowed it. */
  get repeats(): ReadonlyMap<Excuse, number> {
    return this.#ends.repeats
  }

  // ── tenures ────────────────────────────────────────────────────────────────────────────────────────────────────

  /**
   * A process takes a partition.
   * @param isMember the group still takes it for a member; it may not know
   * @returns the number of the tenure
   */
  began(member: number, partition: number, from: number, inherited: readonly number[], isMember: boolean): number {
    const id = this.#tenures.length
    const next = new Tenure(id, member, partition, from, inherited)
    if (!isMember) next.excuse = 'zombie'
    next.beganEmpty = this.#occupancy.of(member) === 0
    for (const tenure of this.#tenures) {
      if (!isMember || tenure.partition !== partition || tenure.end !== undefined || tenure.excuse !== undefined)
        continue
      throw new Violation('I5', `partition ${partition} is given to ${member} while ${tenure.member} has it`)
    }
    this.#tenures.push(next)
    return id
  }

  /** Reading of a tenure that has not brought anything begins elsewhere: its position was out of range. */
  beganElsewhere(id: number, from: number): void {
    const tenure = this.#tenures[id]!
    if (from < tenure.from) this.reset(tenure.partition, from)
    tenure.from = from
  }

  /** Reading goes on at a lower offset: what was read is void. @returns the number of the new tenure */
  beganAgain(id: number, from: number): number {
    const before = this.#tenures[id]!
    before.end = 'rewound'
    this.reset(before.partition, from)
    const next = new Tenure(this.#tenures.length, before.member, before.partition, from, [])
    // A process that the group has given up has not got the partition back by that.
    next.excuse = before.excuse
    this.#tenures.push(next)
    before.excuse ??= 'rewound'
    return next.id
  }

  /** The process has it no more. */
  over(id: number, how: End): void {
    const tenure = this.#tenures[id]!
    if (tenure.end !== undefined) return
    // Time was up for it in the middle of a drain: what had not started is left out, whatever had finished above.
    const end = how === 'inOrder' && tenure.halted ? 'late' : how
    if (end === 'inOrder' && tenure.excuse === undefined) this.#commits.leftInOrder(tenure)
    tenure.end = end
    if (end !== 'inOrder') tenure.excuse ??= end
  }

  /** A drain of it was told to be complete: no handler of it may run. */
  drained(id: number): void {
    const { running, partition } = this.#tenures[id]!
    if (running > 0) throw new Violation('I4', `${partition} is told to be drained while ${running} handlers run`)
  }

  /** The group has given the process up, which may not know it yet. */
  givenUp(member: number): void {
    for (const tenure of this.#tenures) {
      if (tenure.member === member && tenure.end === undefined) tenure.excuse ??= 'zombie'
    }
  }

  /** A process has told its threads that of a partition nothing is tried again. @param id what goes; undefined when it is over */
  cut(member: number, partition: number, id: number | undefined): void {
    if (id !== undefined) this.#tenures[id]!.isCut = true
    this.#failures.cut(member, partition)
  }

  halted(id: number): void {
    this.#tenures[id]!.halted = true
  }

  /** From this offset on the partition's records are others, or somebody wants them again. */
  reset(partition: number, offset: number): void {
    for (const tenure of this.#tenures) if (tenure.partition === partition) tenure.mayRepeat = true
    this.#order.reset(partition)
    this.#commits.reset(partition, offset)
  }

  // ── records ────────────────────────────────────────────────────────────────────────────────────────────────────

  /** A read has brought records of it, which are opened next. */
  readsOn(id: number): void {
    this.#reading.goesOn(this.#tenures[id]!)
  }

  /** Its reader has met the end of the log. */
  metEnd(id: number, offset: number): void {
    this.#tenures[id]!.readsFrom(offset)
  }

  /** @param wall the clock on the wall when it was read */
  opened(id: number, record: number, wall: number): void {
    const tenure = this.#tenures[id]!
    tenure.readsFrom(this.#records.offset[record]!)
    tenure.opened.push(record)
    this.#failures.opened(tenure, record, wall)
  }

  /** It is read by a process that has heard at how many deaths of a process it ran. */
  marked(id: number, record: number, deaths: number): void {
    this.#tenures[id]!.marks.set(record, deaths)
  }

  /** It had ended before the story begins. */
  finishedBefore(record: number): void {
    this.#ends.done[record] = 1
  }

  /** A delivery has reached a thread. */
  inThread(id: number, record: number): void {
    this.#occupancy.add(this.#tenures[id]!, record)
    this.#tenures[id]!.heldBack.delete(record)
  }

  /** A thread has let go of a delivery, ended or not. */
  outOfThread(id: number, record: number): void {
    this.#occupancy.remove(this.#tenures[id]!, record)
  }

  /** A thread shows it as running: as far as its process can know, it has started. */
  published(id: number, record: number): void {
    this.#failures.published(this.#tenures[id]!, record)
  }

  /** It was shown as running, and finds its circuit open. */
  heldBack(id: number, record: number): void {
    this.#tenures[id]!.heldBack.add(record)
  }

  /**
   * @param attempt as the thread counts it
   * @param wall the clock on the wall
   * @param batch the same for records that a handler was given together
   */
  started(id: number, record: number, thread: number, attempt: number, wall: number, batch: object = {}): void {
    const tenure = this.#tenures[id]!
    const { partition } = tenure
    const offset = this.#records.offset[record]!
    if (tenure.end !== undefined) {
      throw new Violation('I5', `${partition}/${offset} starts, of an assignment that is over`)
    }
    if (tenure.halted) throw new Violation('I5', `${partition}/${offset} starts after its partition was halted`)
    this.#ends.started(tenure, record, offset)
    if (contains(tenure.inherited, offset)) {
      throw new Violation('I4', `${partition}/${offset} starts, which a commit says is finished`)
    }
    this.#order.started(tenure, record, batch)
    this.#failures.started({ member: tenure.member, thread, tenure, record }, attempt, wall)
    tenure.running++
  }

  /** The handler ended well, and the thread's board says so. */
  ended(id: number, record: number): void {
    const tenure = this.#tenures[id]!
    this.#order.finished(tenure, record)
    this.stopped(id, record)
    this.#ends.complete(tenure, record)
    this.#failures.attempts.acquitted(tenure, record)
  }

  /** It was in a batch whose handler has ended, and is to run again as if it had not run: charged nothing. */
  putBack(id: number, record: number): void {
    this.stopped(id, record)
  }

  /** The handler failed, and its record is tried again. @param flags of its failure */
  parked(id: number, record: number, flags: number): void {
    this.stopped(id, record)
    this.#failures.parked(this.#tenures[id]!, record, flags)
  }

  /** The handler failed for good, and the thread's board says so. @param flags of its failure */
  failed(id: number, record: number, flags: number): void {
    const tenure = this.#tenures[id]!
    this.#order.finished(tenure, record)
    this.stopped(id, record)
    if (this.#failures.failed(tenure, record, flags)) this.#ends.complete(tenure, record)
    else if (this.#failures.isLeft(flags)) this.#order.left(tenure, record)
  }

  /** The record was handed back unfinished. */
  handedBack(id: number, record: number): void {
    this.#failures.handedBack(this.#tenures[id]!, record)
  }

  /** The handler runs no more: it has ended, it gave up, or its thread is dead. */
  stopped(id: number, record: number): void {
    const tenure = this.#tenures[id]!
    tenure.running--
    this.#order.stopped(tenure, record)
    this.#failures.stopped(tenure, record)
  }

  // ── failures ───────────────────────────────────────────────────────────────────────────────────────────────────

  /**
   * A thread is gone.
   * @param ran what its board showed as running
   * @param guilty undefined when nobody knows
   */
  died(ran: readonly Delivered[], planned: boolean, guilty: readonly Delivered[] | undefined): void {
    const runs = (deliveries: readonly Delivered[]): Run[] =>
      deliveries.map(({ tenure, record }) => ({ tenure: this.#tenures[tenure]!, record }))
    this.#failures.died(runs(ran), planned, guilty && runs(guilty))
  }

  /** I1: an engine takes the failure of a record for final. */
  exhausted(id: number, record: number, deadLetter: boolean): void {
    const tenure = this.#tenures[id]!
    this.#order.passed(record)
    if (this.#failures.exhausted(tenure, record, deadLetter)) this.#ends.complete(tenure, record)
  }

  /** The broker has acknowledged the record's dead letter. */
  deadLettered(id: number, record: number): void {
    this.#ends.complete(this.#tenures[id]!, record)
  }

  /** I1: an engine says that a record's offset has completed. */
  completed(id: number, record: number, how: 'done' | 'failed' | 'dead-lettered'): void {
    const tenure = this.#tenures[id]!
    if (!tenure.hasEnded(record)) throw new Violation('I1', `record ${record} is completed as ${how} and has not ended`)
    if (how === 'done') this.#failures.succeeded(tenure, record)
  }

  circuitsOf(member: number): Circuits {
    return this.#failures.circuitsOf(member)
  }

  // ── commits ────────────────────────────────────────────────────────────────────────────────────────────────────

  stored(id: number | undefined, partition: number, offset: number, finished: readonly number[]): void {
    if (id === undefined) throw new Violation('I5', `${partition}/${offset} is stored, which is not ours`)
    this.#commits.stored(this.#tenures[id]!, offset, finished)
  }

  taken(id: number, offset: number, finished: readonly number[]): void {
    this.#commits.taken(this.#tenures[id]!, offset, finished)
  }

  // ── the end ────────────────────────────────────────────────────────────────────────────────────────────────────

  /** I1: all is committed, and nothing was skipped. */
  complete(): void {
    this.#commits.complete()
  }

  /** I6: no handler ends any more; what a partition has left must not wait for room that others fill. */
  served(id: number): void {
    const tenure = this.#tenures[id]!
    // What is over and still lies in threads that are stuck has its places in the window until they hand it back.
    const isOld = (other: Tenure) => other.end !== undefined && other.member === tenure.member && other.inThreads > 0
    if (!tenure.beganEmpty || tenure.inThreads > 0 || this.#tenures.some(isOld)) return
    if (this.#failures.attempts.hasSuspects(tenure.member)) return
    const { ids } = this.#logs[tenure.partition]!
    const offsets = this.#records.offset
    const isLeft = (record: number) =>
      offsets[record]! >= tenure.from && !tenure.hasEnded(record) && !contains(tenure.inherited, offsets[record]!)
    const left = ids.find(isLeft)
    if (left === undefined) return
    throw new Violation('I6', `${tenure.partition}/${offsets[left]} waits, and nothing of its partition is in a thread`)
  }

  /** I6: nothing has happened for so long, although no fault did. */
  stalled(what: string): never {
    throw new Violation('I6', what)
  }

  /** I8: a process has nothing to do. */
  idle(member: number, { messages, bytes, rows, load }: Leftovers): void {
    if (messages === 0 && bytes === 0 && rows === 0 && load === 0) return
    throw new Violation(
      'I8',
      `process ${member} keeps ${messages} messages, ${bytes} bytes, ${rows} rows, load ${load}`,
    )
  }
}
