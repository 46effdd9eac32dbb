import type { Logger } from '@zk/runtime'

export interface LogLine {
  level: string
  message: string
  fields: Record<string, unknown>
}

/** A logger that hands every line on. */
export function recordingLogger(on: (line: LogLine) => void): Logger {
  const method =
    (level: string) =>
    (first: object | string, message = ''): void => {
      if (typeof first === 'string') on({ level, message: first, fields: {} })
      else on({ level, message, fields: first as Record<string, unknown> })
    }
  const [trace, debug, info, warn, error, fatal] = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'].map(method)
  return { trace, debug, info, warn, error, fatal } as Logger
}
