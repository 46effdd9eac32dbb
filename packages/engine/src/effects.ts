/**
 * Everything the work engine does to the outside. The runtime carries these out on Kafka and threads, a simulation on
 * models of them; the engine cannot tell the difference.
 */
import type { PartitionSlot } from './record-batch.js'

/** What the thread's board says of a delivery. `unknown`: the board holds another delivery at that place. */
export type DeliveryState = 'queued' | 'running' | 'done' | 'failed' | 'discarded' | 'unknown'

/** How a delivery ended, as acks carry it. */
export const Outcome = { done: 0, failed: 1, discarded: 2 } as const

/** Int32 words of one ack: ticket, sequence, outcome, duration in microseconds. */
export const ACK_WORDS = 4

/** Why the work has to end by its own policy. */
export type StopReason =
  | { type: 'record-failed'; ticket: number; slot: PartitionSlot; offset: number }
  | { type: 'crash-loop'; thread: number; deaths: number; running: readonly RunningRecord[] }

/** A record that a dead thread was running. */
export interface RunningRecord {
  readonly slot: PartitionSlot
  readonly offset: number
  /** 1 for its first start. */
  readonly attempt: number
}

export interface Effects {
  /** Send these rows of the in-flight table to a thread, in this order. The array is the engine's: copy what is kept. */
  dispatch(thread: number, tickets: Int32Array, count: number): void
  /** Read a delivery from the board of its thread, dead or alive. */
  deliveryState(thread: number, ticket: number, sequence: number): DeliveryState
  /** While held, no thread starts a delivery; those that try wait. Held only within one call into the engine. */
  hold(held: boolean): void
  /** On every thread: deliveries of this slot up to this epoch and above this offset must not start any more. */
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
  /** A delivery failed for good; its offset completes or not, as `onExhausted` says. */
  failed(ticket: number): void
  /** The work has to end by its own policy. */
  stop(reason: StopReason): void
}
