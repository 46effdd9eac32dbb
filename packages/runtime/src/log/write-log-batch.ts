/** Log lines of worker threads, written by the main thread's logger. The other half of thread-log.ts. */
import { reviveError } from '../describe-error.js'
import type { Logger } from './logger.js'
import type { LogBatch } from './thread-log.js'

export function writeLogBatch(logger: Logger, { thread, lines, dropped }: LogBatch): void {
  for (const { level, time, message, fields, errors, record } of lines) {
    const revived = Object.entries(errors ?? {}).map(([key, described]) => [key, reviveError(described)])
    // Last, so that a handler's own field cannot pass for where a line comes from.
    logger[level]({ ...fields, ...Object.fromEntries(revived), ...record, thread, loggedAt: time }, message)
  }
  if (dropped > 0) {
    logger.warn(
      { thread, dropped },
      `${dropped} log lines of thread ${thread} were dropped: it logs faster than allowed`,
    )
  }
}
