// @ts-check
/** Writes how long after its timestamp each record started, in milliseconds, a line each, to STAMP_JOURNAL. */
import { appendFileSync } from 'node:fs'

export default {
  /** @param {{ timestamp: number }} message */
  process({ timestamp }) {
    appendFileSync(/** @type {string} */ (process.env.STAMP_JOURNAL), `${Date.now() - timestamp}\n`)
  },
}
