/**
 * How a record comes to its end: finished, failed for good, written to the dead letter topic first, or handed back
 * unfinished. Until then it keeps its row, its place in the window and its offset open.
 */
import type { PartitionAssignment } from './assignment.js'
import type { Core } from './core.js'
import { type Completion, FailureFlag, OUTCOME_MASK, Outcome } from './effects.js'
import { FloodGuard } from './flood-guard.js'
import { NEVER, Phase } from './in-flight-table.js'

/** Since the engine was made. */
export interface Counters {
  /** Records completed, each once, failed ones included. */
  processed: number
  /** Records that failed for good and have no dead letter, whether their offset completed or not. */
  failed: number
  /** Records whose dead letter was written. */
  deadLettered: number
  /** Deliveries that go to a thread's successor, started or not. */
  redelivered: number
  threadDeaths: number
  /** Acks of a delivery that was superseded or of an assignment that is over. */
  staleAcks: number
}

export class RecordEndings {
  readonly counters: Counters = {
    processed: 0,
    failed: 0,
    deadLettered: 0,
    redelivered: 0,
    threadDeaths: 0,
    staleAcks: 0,
  }
  /** Something was handed back: what waits behind it must not be sent any more. */
  handedBack = false
  readonly #core: Core
  readonly #flood: FloodGuard | undefined

  constructor(core: Core) {
    const { flood } = core.options
    this.#core = core
    this.#flood = flood === undefined ? undefined : new FloodGuard(flood)
  }

  /**
   * The delivery is over.
   * @param word an `Outcome`, with `FailureFlag`s
   * @param micros what its handler took, in microseconds; −1 where that is not known
   * @returns false when its assignment is over: the record's place is free, and nothing is finished
   */
  end(ticket: number, word: number, micros = -1): boolean {
    const table = this.#core.table
    const assignment = this.assignmentOf(ticket)
    if (assignment === undefined || table.phase[ticket] !== Phase.dispatched) {
      this.#free(ticket)
      return assignment !== undefined
    }
    const outcome = word & OUTCOME_MASK
    if (outcome === Outcome.discarded) {
      this.#handBack(assignment, ticket)
      return true
    }
    const failed = outcome === Outcome.failed
    const isLetter = failed && this.#core.options.deadLetters === true && (word & FailureFlag.noDeadLetter) === 0
    this.#core.circuits?.count(ticket, failed && (word & FailureFlag.noCircuitBreak) === 0)
    // Only a dead letter can be one too many.
    if (this.#flood?.record(isLetter) === true) {
      this.#core.effects.stop({ type: 'dead-letter-flood', ...this.#flood.counts })
      assignment.inFlight--
      this.#free(ticket)
    } else if (isLetter) this.#deadLetter(ticket)
    else if (failed) this.#failWithoutLetter(assignment, ticket, micros)
    else this.#complete(assignment, ticket, 'done', micros)
    return true
  }

  /** A record that is not to be run fails as it is. */
  condemn(ticket: number): void {
    this.#core.table.phase[ticket] = Phase.dispatched
    // It says nothing about what handlers call.
    this.#core.table.countsFrom[ticket] = NEVER
    this.end(ticket, Outcome.failed)
  }

  /** Whether the record still waits for its dead letter. */
  isWanted(ticket: number, sequence: number): boolean {
    return this.#isDeadLettering(ticket, sequence) && this.assignmentOf(ticket) !== undefined
  }

  /** The dead letter was acknowledged by the broker, or (`written` false) is given up: then the offset stays open. */
  deadLettered(ticket: number, sequence: number, written: boolean): void {
    if (!this.#isDeadLettering(ticket, sequence)) return
    const assignment = this.assignmentOf(ticket)
    if (assignment !== undefined && written) {
      this.counters.deadLettered++
      this.#finish(assignment, ticket, 'dead-lettered', -1)
    } else if (assignment !== undefined) assignment.inFlight--
    this.#core.dispatcher.leaveWindow(ticket)
    this.#core.table.release(ticket)
  }

  assignmentOf(ticket: number): PartitionAssignment | undefined {
    return this.#core.assignments.find(this.#core.table.slot[ticket]!, this.#core.table.epoch[ticket]!)
  }

  #deadLetter(ticket: number): void {
    // The key goes on meanwhile; the offset does not.
    this.#core.dispatcher.leaveThread(ticket)
    this.#core.table.phase[ticket] = Phase.deadLettering
    this.#core.effects.deadLetter(ticket)
  }

  #failWithoutLetter(assignment: PartitionAssignment, ticket: number, micros: number): void {
    this.counters.failed++
    this.#core.effects.failed(ticket)
    if (this.#core.options.onExhausted === 'complete') {
      this.#complete(assignment, ticket, 'failed', micros)
      return
    }
    const { slot, offset } = this.#core.table
    this.#core.effects.stop({ type: 'record-failed', ticket, slot: slot[ticket]!, offset: offset[ticket]! })
    assignment.inFlight--
    this.#free(ticket)
  }

  /** Not finished: an offset that stays open. Records of its key behind it would overtake it. */
  #handBack(assignment: PartitionAssignment, ticket: number): void {
    const { ordering } = this.#core.options
    const { offset, hasKey, keyHash } = this.#core.table
    assignment.inFlight--
    if (offset[ticket]! <= assignment.cut && ordering !== 'none') {
      if (ordering === 'partition') assignment.cut = offset[ticket]! - 1
      else if (hasKey[ticket] === 1) assignment.handBack(keyHash[ticket]!)
      this.handedBack = true
    }
    this.#free(ticket)
  }

  #complete(assignment: PartitionAssignment, ticket: number, how: Completion, micros: number): void {
    this.#finish(assignment, ticket, how, micros)
    this.#free(ticket)
  }

  #finish(assignment: PartitionAssignment, ticket: number, how: Completion, micros: number): void {
    assignment.inFlight--
    assignment.tracker.finish(this.#core.table.trackerPosition[ticket]!)
    this.counters.processed++
    if (this.#core.options.reportCompletions === true) this.#core.effects.completed(ticket, how, micros)
  }

  #free(ticket: number): void {
    this.#core.dispatcher.letGo(ticket)
    this.#core.table.release(ticket)
  }

  #isDeadLettering(ticket: number, sequence: number): boolean {
    return this.#core.table.phase[ticket] === Phase.deadLettering && this.#core.table.sequence[ticket] === sequence
  }
}
