/**
 * Whoever measures a run (`zk bench`) hears of each record as it completes.
 *
 * Called in a step of the engine, on the main thread, for every record: it must only count. `onDone` would make a message for
 * each, which costs more than all else that the main thread does for it.
 */
export interface Meter {
  /**
   * @param thread that ran it
   * @param micros how long its handler took, to its promise's end; −1 where that is not known
   * @param timestamp of the record, in milliseconds since 1970; −1: none
   */
  completed(thread: number, micros: number, timestamp: number): void
}
