/**
 * Everything the work engine does to the outside. The runtime carries these out on Kafka and threads, a simulation on
 * models of them; the engine cannot tell the difference.
 */
import type { PartitionSlot } from './record-batch.js'

/**
 * What the thread's board says of a delivery. `parked`: an attempt failed and the next is not due yet, or its format
 * is not ready to decode it. `unknown`: the board holds another delivery at that place.
 */
export type DeliveryState = 'queued' | 'running' | 'parked' | 'done' | 'failed' | 'discarded' | 'unknown'

/** How a delivery ended, as acks carry it. `failed` is for good: attempts that are followed by another are not told. */
export const Outcome = { done: 0, failed: 1, discarded: 2 } as const

/** What an ack adds to `Outcome.failed`, as the handler's error asked for it. */
export const FailureFlag = { noDeadLetter: 4, noCircuitBreak: 8 } as const

/** The part of an outcome that says how a delivery ended. */
export const OUTCOME_MASK = 3

/** Int32 words of one ack: ticket, sequence, outcome, duration in microseconds. */
export const ACK_WORDS = 4

/** The longest duration that an ack tells, nearly 36 minutes: handlers that took longer took at least so long. */
export const MAX_ACK_MICROS = 2 ** 31 - 1

/** Why the work has to end by its own policy. */
export type StopReason =
  | { type: 'record-failed'; ticket: number; slot: PartitionSlot; offset: number }
  /** A thread died again and again while it ran nothing. */
  | { type: 'crash-loop'; thread: number; deaths: number }
  /** Too large a share of the latest records were dead letters. */
  | { type: 'dead-letter-flood'; letters: number; outcomes: number }

/** How a record came to its end, for whoever is told of each. */
export type Completion = 'done' | 'failed' | 'dead-lettered'

/** Which deliveries a circuit breaker holds back: those of one partition, or all. */
export type CircuitScope = PartitionSlot | 'work'

export type CircuitState = 'closed' | 'open' | 'half-open'

export interface Effects {
  /** Send these rows of the in-flight table to a thread, in this order. The array is the engine's: copy what is kept. */
  dispatch(thread: number, tickets: Int32Array, count: number): void
  /** Read a delivery from the board of its thread, dead or alive. */
  deliveryState(thread: number, ticket: number, sequence: number): DeliveryState
  /** Which attempt of a delivery ran last, or, of a parked one, is due next, from the same board: the first is 1. */
  attemptOf(thread: number, ticket: number): number
  /** `FailureFlag`s of the latest attempt of a delivery that the board shows as failed or parked. */
  failureFlags(thread: number, ticket: number): number
  /** While held, no thread starts a delivery; those that try wait. Held only within one call into the engine. */
  hold(held: boolean): void
  /**
   * On every thread: deliveries of this slot up to this epoch and above this offset must not start any more. Those below
   * are not tried again: one that fails, or waits for its next attempt, is handed back with all that waits behind its key.
   */
  cut(slot: PartitionSlot, epoch: number, aboveOffset: number): void
  /** Stop reading a partition, or go on. */
  pause(slot: PartitionSlot): void
  resume(slot: PartitionSlot): void
  /**
   * This offset may be committed: everything below it is finished, and so are these ranges above it (see
   * `FinishedRanges`), which the commit's metadata tells the next owner.
   */
  store(slot: PartitionSlot, offset: number, finished: readonly number[]): void
  /** Reading went back from one offset to another: the log was truncated or made anew, or somebody set the group back. */
  rewound(slot: PartitionSlot, from: number, to: number): void
  /**
   * Reading went back to an offset above unfinished records, which would not be read again: the partition's epoch has
   * ended. Set its position to this offset and assign it anew.
   */
  restart(slot: PartitionSlot, offset: number): void
  /** A drain has ended: nothing of these partitions is in flight, or (`complete` false) its deadline passed. */
  drained(slots: readonly PartitionSlot[], complete: boolean): void
  /**
   * Write the record to the dead letter topic; `engine.deadLettered` follows. Its offset stays open until then, and the row
   * keeps its bytes. Give up, with `written` false, once `engine.isWanted` says so.
   */
  deadLetter(ticket: number): void
  /** A delivery failed for good and has no dead letter; its offset completes or not, as `onExhausted` says. */
  failed(ticket: number): void
  /** Asked for by `reportCompletions`: the record's offset has completed. @param micros of its handler; −1 where not known */
  completed(ticket: number, how: Completion, micros: number): void
  /** At how many deaths of the whole process the record was running; asked only while `watchesProcessDeaths`. */
  processDeaths(slot: PartitionSlot, offset: number): number
  /** Threads start no delivery of this scope, or may again. What runs goes on. */
  holdStarts(scope: CircuitScope, held: boolean): void
  /** While starts are held: the thread may start one delivery of the scope. */
  permitStart(thread: number, scope: CircuitScope): void
  /** Takes an unused permit back. @returns false when a delivery has started by it */
  withdrawPermit(thread: number, scope: CircuitScope): boolean
  circuitChanged(scope: CircuitScope, from: CircuitState, to: CircuitState): void
  /** The work has to end by its own policy. */
  stop(reason: StopReason): void
}
