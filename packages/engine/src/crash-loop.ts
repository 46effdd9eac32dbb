/**
 * Notices a thread that dies again and again for the same reason.
 *
 * Three deaths in a row with the same oldest running record, or with nothing running and nothing finished in between,
 * are no accident: going on would only kill the next thread, and with it everything that waits behind the record.
 */
import type { RunningRecord } from './effects.js'

const DEATHS = 3

export class CrashLoop {
  readonly #suspects = new Map<number, { record: string; deaths: number }>()

  /**
   * @param running what the thread was running when it died, oldest delivery first
   * @returns how often in a row it has died of this, when that is too often
   */
  died(thread: number, running: readonly RunningRecord[]): number | undefined {
    const record = running[0] === undefined ? IDLE : `${running[0].slot}@${running[0].offset}`
    const before = this.#suspects.get(thread)
    const deaths = before?.record === record ? before.deaths + 1 : 1
    this.#suspects.set(thread, { record, deaths })
    return deaths >= DEATHS ? deaths : undefined
  }

  /** The thread has ended some record: a death while idle would be a new one. */
  progressed(thread: number): void {
    if (this.#suspects.size > 0 && this.#suspects.get(thread)?.record === IDLE) this.#suspects.delete(thread)
  }
}

const IDLE = 'idle'
