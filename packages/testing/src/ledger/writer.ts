import { closeSync, openSync, writeSync } from 'node:fs'
import type { LedgerLine } from './lines.js'

export interface LedgerWriter {
  /** Appends one line and returns when the operating system has it: it then survives the death of this process. */
  append(line: LedgerLine): void
  close(): void
}

/**
 * Opens a ledger for appending; the file is made when it does not exist. Several writers, in any number of threads and
 * processes, may have the same file open.
 *
 * `append` is synchronous and a single write, so that a handler can log its end before it returns: what the runtime
 * does afterwards can then never come first in the file.
 */
export function openLedger(path: string): LedgerWriter {
  const fd = openSync(path, 'a')
  let open = true
  return {
    append(line) {
      const bytes = Buffer.from(`${JSON.stringify(line)}\n`)
      const written = writeSync(fd, bytes)
      // The rest must not follow in a second write: another writer's line may stand between the two by now.
      if (written !== bytes.length) {
        throw new Error(`ledger ${path}: only ${written} of ${bytes.length} bytes of a line were written (disk full?)`)
      }
    },
    close() {
      if (open) closeSync(fd)
      open = false
    },
  }
}

/**
 * Milliseconds, with a fraction, of the machine's monotonic clock: comparable between all processes and threads of one
 * machine until it reboots, and never set back as the wall clock may be.
 */
export function ledgerNow(): number {
  const [seconds, nanoseconds] = process.hrtime()
  return seconds * 1e3 + nanoseconds / 1e6
}
