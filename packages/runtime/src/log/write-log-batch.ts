/** Log lines of worker threads, written by the main thread's logger. The other half of thread-log.ts. */
import { reviveError } from '../describe-error.js'
import type { Logger } from './logger.js'
import type { LogBatch } from './thread-log.js'

/** What pino writes in front of every line, after which a field of the same name would stand a second time. */
const PINOS_OWN = new Set(['level', 'time', 'pid', 'hostname', 'name'])

export function writeLogBatch(logger: Logger, { thread, lines, dropped }: LogBatch): void {
  for (const { level, time, message, fields, errors, record } of lines) {
    const revived = Object.entries(errors ?? {}).map(([key, described]) => [key, reviveError(described)])
    const own = withoutPinosNames({ ...fields, ...Object.fromEntries(revived) }, message)
    // Last, so that a handler's own field cannot pass for where a line comes from.
    logger[level]({ ...own, ...record, thread, loggedAt: time }, message)
  }
  if (dropped > 0) {
    logger.warn(
      { thread, dropped },
      `${dropped} log lines of thread ${thread} were dropped: it logs faster than allowed`,
    )
  }
}

/** A handler's field of such a name is kept as `name_`: readers of JSON take the last of two. */
function withoutPinosNames(fields: object, message: string | undefined): object {
  const taken = (key: string) => PINOS_OWN.has(key) || (key === 'msg' && message !== undefined)
  return Object.fromEntries(Object.entries(fields).map(([key, value]) => [taken(key) ? `${key}_` : key, value]))
}
