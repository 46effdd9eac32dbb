/** Things that happen one after the other, and can be waited for. */
import { ledgerNow } from '../../src/ledger/writer.js'

export class Events<T> {
  readonly all: T[] = []
  /** When each came, in milliseconds of the machine's monotonic clock. */
  readonly at: number[] = []
  readonly #waiting = new Set<() => void>()

  add(event: T): void {
    this.at.push(ledgerNow())
    this.all.push(event)
    for (const look of this.#waiting) look()
  }

  /** Resolves with the first event, of the past or to come, for which `check` holds; `from` skips so many. */
  until(check: (event: T) => boolean, from = 0): Promise<T> {
    return new Promise((resolve) => {
      let at = from
      const look = () => {
        for (; at < this.all.length; at++) {
          if (!check(this.all[at]!)) continue
          this.#waiting.delete(look)
          resolve(this.all[at]!)
          return
        }
      }
      this.#waiting.add(look)
      look()
    })
  }
}
