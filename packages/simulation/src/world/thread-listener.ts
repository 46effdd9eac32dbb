/** Who hears what a thread does. */
import type { Delivery, Ending } from './delivery.js'
import type { Run } from './handlers.js'
import type { Victim } from './records.js'

/** What a thread does, told at once: the checker and the journal listen. */
export interface ThreadListener {
  published(thread: number, delivery: Delivery): void
  /** @param run the same for records that its handler is given together */
  started(thread: number, delivery: Delivery, run: Run): void
  /** It was published and may not start. */
  refused(thread: number, delivery: Delivery): void
  /** It was published and has to wait until its circuit closes. */
  heldBack(thread: number, delivery: Delivery): void
  /** @param flags `FailureFlag`s */
  ended(thread: number, delivery: Delivery, how: Ending, flags: number): void
  /** The handler has failed, and is tried again. @param flags `FailureFlag`s */
  parked(thread: number, delivery: Delivery, flags: number): void
  /** The handler is called with a batch. */
  began(thread: number, run: Run): void
  /** A handler of a batch has thrown. */
  threw(thread: number, run: Run): void
  /** It has run in a batch, and is to run again as if it had not. */
  putBack(thread: number, delivery: Delivery): void
  /** Handed back without another attempt, or behind one that was. */
  handedBack(thread: number, delivery: Delivery): void
  /** What the handler kills instead of coming to an end. */
  victimOf(delivery: Delivery): Victim
  /** The handler kills its thread, or the process. */
  kills(thread: number, delivery: Delivery, victim: Victim): void
  /** The handler runs no more, and nothing says that it ended. */
  stopped(delivery: Delivery): void
  /** The thread has let go of a delivery that does not run. */
  dropped(delivery: Delivery): void
}
