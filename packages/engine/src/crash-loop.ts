/**
 * Notices a record that kills its thread again and again.
 *
 * Three deaths of a thread in a row whose oldest running record was the same one are no accident: going on would only
 * kill the next thread, and with it everything that waits behind the record.
 */
import type { RunningRecord } from './effects.js'
import type { PartitionSlot } from './record-batch.js'

const DEATHS = 3

export class CrashLoop {
  readonly #suspects = new Map<number, { slot: PartitionSlot; offset: number; deaths: number }>()

  /**
   * @param running what the thread was running when it died, oldest delivery first
   * @returns the record to blame when this death was its third in a row
   */
  died(thread: number, running: readonly RunningRecord[]): { slot: PartitionSlot; offset: number } | undefined {
    const oldest = running[0]
    if (oldest === undefined) {
      this.#suspects.delete(thread)
      return undefined
    }
    const { slot, offset } = oldest
    const before = this.#suspects.get(thread)
    const deaths = before?.slot === slot && before.offset === offset ? before.deaths + 1 : 1
    this.#suspects.set(thread, { slot, offset, deaths })
    return deaths >= DEATHS ? { slot, offset } : undefined
  }
}
