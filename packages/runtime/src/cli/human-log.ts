/** A line of pino's JSON as a person reads it: time, level, message, then the fields. */

const LEVELS: Readonly<Record<number, string>> = {
  10: 'TRACE',
  20: 'DEBUG',
  30: 'INFO ',
  40: 'WARN ',
  50: 'ERROR',
  60: 'FATAL',
}
const COLORS: Readonly<Record<number, string>> = { 40: '\x1b[33m', 50: '\x1b[31m', 60: '\x1b[31m' }
const RESET = '\x1b[0m'
const HIDDEN = new Set(['level', 'time', 'pid', 'hostname', 'name', 'msg', 'err', 'loggedAt'])

/** @returns the line as it is when it is not pino's */
export function formatLogLine(line: string): string {
  let entry: Record<string, unknown>
  try {
    entry = JSON.parse(line) as Record<string, unknown>
  } catch {
    return line
  }
  const level = Number(entry.level)
  const time = new Date(Number(entry.time)).toTimeString().slice(0, 8)
  const fields = Object.entries(entry)
    .filter(([key]) => !HIDDEN.has(key))
    .map(([key, value]) => `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
  const head = `${time} ${COLORS[level] ?? ''}${LEVELS[level] ?? level}${COLORS[level] ? RESET : ''} ${entry.msg ?? ''}`
  const { stack } = (entry.err ?? {}) as { stack?: string }
  return `${[head, ...fields].join(' ')}\n${stack === undefined ? '' : `${stack}\n`}`
}
