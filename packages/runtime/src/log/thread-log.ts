/**
 * Log lines of a worker thread on their way to the main thread's logger. This half runs in the thread.
 *
 * Bounded, because the main thread owns the consumer: a handler that logs in a tight loop must not fill its port
 * or its time. The first 16 lines of 50 ms are posted by the calls that wrote them: the line before a crash or an endless
 * loop is the one that is wanted, and neither lets a timer fire. What follows is posted together, after the 50 ms or as 256
 * lines. Past 5,000 lines or 4 M characters a second the rest is counted and not sent.
 */
import { type DescribedError, describeError } from '../describe-error.js'
import { boundedText, type CopyBudget, type Plain, plainFields, safeKeys, safeRead } from '../plain-copy.js'
import type { Logger, LogLevel, LogMethod } from './logger.js'

const FLUSH_MS = 50
const FLUSH_LINES = 256
const PROMPT_LINES = 16
const WINDOW_MS = 1000
const MAX_LINES = 5000
const MAX_CHARACTERS = 4 * 1024 * 1024
const MAX_LINE_CHARACTERS = 16 * 1024

/** Where in the input the code that logs is. */
export interface RecordPlace {
  topic: string
  partition: number
  offset: number
}

export interface LogLine {
  level: LogLevel
  /** Milliseconds since 1970. */
  time: number
  message?: string
  fields?: { [key: string]: Plain }
  /** Fields that were errors. */
  errors?: { [key: string]: DescribedError }
  record?: RecordPlace
}

export interface LogBatch {
  thread: number
  lines: LogLine[]
  /** Lines not sent since the batch before. */
  dropped: number
}

export interface ThreadLog {
  /** A logger whose lines name the record, if one is given. Cheap enough to make for each record. */
  logger(record?: RecordPlace): Logger
  /** Posts what is waiting. */
  flush(): void
}

export interface ThreadLogOptions {
  thread: number
  post: (batch: LogBatch) => void
}

export function createThreadLog({ thread, post }: ThreadLogOptions): ThreadLog {
  let lines: LogLine[] = []
  let dropped = 0
  let timer: NodeJS.Timeout | undefined
  let window = { until: 0, lines: 0, characters: 0 }
  let prompt = { until: 0, lines: 0 }

  function flush(): void {
    clearTimeout(timer)
    timer = undefined
    if (lines.length === 0 && dropped === 0) return
    const batch = { thread, lines, dropped }
    lines = []
    dropped = 0
    post(batch)
  }

  function write(record: RecordPlace | undefined, level: LogLevel, first: unknown, second?: unknown): void {
    const now = performance.now()
    if (now >= window.until) window = { until: now + WINDOW_MS, lines: 0, characters: 0 }
    if (now >= prompt.until) prompt = { until: now + FLUSH_MS, lines: 0 }
    // The timer does not keep the thread alive: what ends a thread calls flush.
    timer ??= setTimeout(flush, FLUSH_MS).unref()
    if (window.lines >= MAX_LINES || window.characters >= MAX_CHARACTERS) {
      dropped++
      return
    }
    const budget: CopyBudget = { characters: MAX_LINE_CHARACTERS }
    lines.push({ level, time: Date.now(), ...contentOf(first, second, budget), ...(record && { record }) })
    window.lines++
    window.characters += MAX_LINE_CHARACTERS - budget.characters
    if (++prompt.lines <= PROMPT_LINES || lines.length >= FLUSH_LINES) flush()
  }

  function logger(record?: RecordPlace): Logger {
    const method =
      (level: LogLevel): LogMethod =>
      (first: unknown, second?: unknown) =>
        write(record, level, first, second)
    return {
      trace: method('trace'),
      debug: method('debug'),
      info: method('info'),
      warn: method('warn'),
      error: method('error'),
      fatal: method('fatal'),
    }
  }

  return { logger, flush }
}

/** The calls are a handler's own, and not all handlers are type-checked: anything may come, and logging never throws. */
function contentOf(first: unknown, second: unknown, budget: CopyBudget): Partial<LogLine> {
  try {
    return readContent(first, second, budget)
  } catch {
    return { message: '(what was logged cannot be read)' }
  }
}

function readContent(first: unknown, second: unknown, budget: CopyBudget): Partial<LogLine> {
  const text = second === undefined ? undefined : boundedText(String(second), budget)
  if (first instanceof Error) {
    const err = describeWithin(first, budget)
    return { message: text ?? err.message, errors: { err } }
  }
  if (typeof first !== 'object' || first === null) return { message: boundedText(String(first), budget) }
  const errorKeys = safeKeys(first).filter((key) => safeRead(first, key) instanceof Error)
  const fields = plainFields(first, budget, 0, new Set(errorKeys))
  return {
    ...(text !== undefined && { message: text }),
    ...(Object.keys(fields).length > 0 && { fields }),
    ...(errorKeys.length > 0 && {
      errors: Object.fromEntries(errorKeys.map((key) => [key, describeWithin(safeRead(first, key), budget)])),
    }),
  }
}

function describeWithin(error: unknown, budget: CopyBudget): DescribedError {
  const described = describeError(error)
  budget.characters -= described.message.length + (described.stack?.length ?? 0)
  return described
}
