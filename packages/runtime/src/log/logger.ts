/** A message, or fields and a message, as pino takes them. Errors belong under `err`. */
export interface LogMethod {
  (message: string): void
  (fields: object, message?: string): void
}

/** What the runtime needs of a logger. A pino instance is one; so is any object with these six methods. */
export interface Logger {
  trace: LogMethod
  debug: LogMethod
  info: LogMethod
  warn: LogMethod
  error: LogMethod
  fatal: LogMethod
}

export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const
export type LogLevel = (typeof logLevels)[number]
