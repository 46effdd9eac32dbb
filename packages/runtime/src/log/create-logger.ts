import { pino } from 'pino'
import { type Logger, logLevels } from './logger.js'

export interface LoggerOptions {
  /** Default: the environment's LOG_LEVEL, else `info`. `silent` writes nothing. */
  level?: string
  /** Default `stdout`. The command line writes to stderr, because its stdout carries results. */
  output?: 'stdout' | 'stderr' | LineSink
}

/** Something that takes whole lines, such as a view that must not be torn by them. */
export interface LineSink {
  write(line: string): void
}

/** The logger that is used where the user gives none: JSON lines of pino. */
export function createLogger({ level = process.env.LOG_LEVEL, output = 'stdout' }: LoggerOptions = {}): Logger {
  const known = level === undefined || level === 'silent' || (logLevels as readonly string[]).includes(level)
  // Written at once, so that the last lines before an exit are not lost.
  const destination =
    typeof output === 'object' ? output : pino.destination({ fd: output === 'stderr' ? 2 : 1, sync: true })
  const logger = pino({ name: 'zk', level: (known ? level : undefined) ?? 'info' }, destination)
  if (!known)
    logger.warn({ level }, `"${level}" is no log level, using info; expected one of ${logLevels.join(', ')}, silent`)
  return logger
}
