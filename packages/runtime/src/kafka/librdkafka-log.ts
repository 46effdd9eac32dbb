/** librdkafka's own log lines and errors, as lines of the runtime's logger. */
import type { Logger, LogLevel } from '../log/logger.js'
import { codeOf, ERR__FATAL, PASSING } from './error-codes.js'

export interface LogEntry {
  level: LogLevel
  fields: { clientId: string; [key: string]: string | number }
  message: string
}

/** node-rdkafka's `event.log`. */
export interface LibrdkafkaLogEvent {
  /** Of syslog: 0 emergency to 7 debug. */
  severity: number
  /** What part of librdkafka speaks, such as FAIL or REBALANCE. */
  fac: string
  message: string
}

/** node-rdkafka's `event.error`, which mostly has -1 for a code, and what the addon tells. */
export interface LibrdkafkaErrorEvent {
  message: string
  code?: number | undefined
}

/** The part of a node-rdkafka client that speaks. */
interface LogSource {
  on(name: 'event.log', listener: (event: LibrdkafkaLogEvent) => void): unknown
}

const bySeverity: readonly LogLevel[] = ['fatal', 'fatal', 'fatal', 'error', 'warn', 'info', 'info', 'debug']

/** Writes the client's log lines with the runtime's logger from now on. Its errors are the owner's to handle. */
export function logLibrdkafka(client: LogSource, { clientId, logger }: { clientId: string; logger: Logger }): void {
  client.on('event.log', (event) => {
    const { level, fields, message } = librdkafkaLog(event, clientId)
    logger[level](fields, message)
  })
}

export function librdkafkaLog(event: LibrdkafkaLogEvent, clientId: string): LogEntry {
  return {
    level: bySeverity[event.severity] ?? 'info',
    fields: { clientId, facility: event.fac },
    message: withoutThreadName(event.message),
  }
}

export function librdkafkaError(error: LibrdkafkaErrorEvent, clientId: string): LogEntry {
  const { message } = error
  const code = codeOf(error)
  const level = code === ERR__FATAL ? 'fatal' : code !== undefined && PASSING.has(code) ? 'warn' : 'error'
  return { level, fields: { clientId, ...(code !== undefined && { code }) }, message }
}

/** Lines begin with `[thrd:main]: `, the thread inside librdkafka that wrote them. */
function withoutThreadName(message: string): string {
  return message.replace(/^\[thrd:[^\]]*\]: /, '')
}
