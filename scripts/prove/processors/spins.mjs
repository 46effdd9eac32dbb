// @ts-check
/** Spins where the value says so; tells when each handler began, on the machine's monotonic clock, in a file. */
import { appendFileSync } from 'node:fs'

const now = () => Number(process.hrtime.bigint()) / 1e6

export default {
  /** @param {{ rawValue: Buffer | null }} message */
  process({ rawValue }) {
    const value = rawValue?.toString() ?? ''
    appendFileSync(/** @type {string} */ (process.env.SPIN_JOURNAL), `${value} ${now()}\n`)
    if (value.startsWith('spin')) countForEver()
  },
}

function countForEver() {
  for (let turns = 0; ; turns++) if (turns < 0) return
}
