// @ts-check
/** Waits two milliseconds over each record; the first attempt of one with the value "first" fails. */
import { setTimeout as delay } from 'node:timers/promises'

export default {
  /**
   * @param {{ rawValue: Buffer | null }} message
   * @param {{ attempt: number }} ctx
   */
  async process({ rawValue }, { attempt }) {
    if (attempt === 1 && rawValue?.toString() === 'first') throw new Error('the first attempt fails')
    await delay(2)
  },
}
