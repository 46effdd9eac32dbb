// @ts-check
/** Waits SLOW_MS milliseconds (default 100) over each record, and looks at its value. */
import { setTimeout as delay } from 'node:timers/promises'

const ms = Number(process.env.SLOW_MS ?? '100')
let bytes = 0

export default {
  /** @param {{ rawValue: Buffer | null }} message */
  async process({ rawValue }) {
    bytes += rawValue?.length ?? 0
    await delay(ms)
  },
  teardown() {
    process.stderr.write(`a thread saw ${bytes} bytes\n`)
  },
}
