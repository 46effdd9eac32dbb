/** A logger that keeps what it is told, and tells it on. */
import type { Logger } from '@zk/runtime'

/** A line of `ctx.log`. */
export interface LogLine {
  readonly level: keyof Logger
  /** Empty where there were none. */
  readonly fields: Readonly<Record<string, unknown>>
  /** Undefined for a line of fields alone. */
  readonly message: string | undefined
}

export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const satisfies (keyof Logger)[]

export const silent: Logger = loggerOf(() => () => {})

/** @param also told after it was kept */
export function recordedLog(lines: LogLine[], also: Logger): Logger {
  return loggerOf((level) => (first: object | string, second?: string) => {
    if (typeof first === 'string') {
      lines.push({ level, fields: {}, message: first })
      also[level](first)
      return
    }
    lines.push({ level, fields: { ...first }, message: second })
    also[level](first, second)
  })
}

function loggerOf(method: (level: keyof Logger) => Logger['info']): Logger {
  return Object.fromEntries(logLevels.map((level) => [level, method(level)])) as unknown as Logger
}
