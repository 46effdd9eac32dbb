/** What `workFactory`, `run`, and the methods of readers and writers are called with: checked as the configuration is, for those who write no TypeScript. */
import { z } from 'zod'
import { errors } from '../errors.js'
import { logLevels } from '../log/logger.js'
import { parse, problemsError, show } from './problems.js'
import { workSchema } from './work-config.js'

const flag = z.boolean().optional().meta({ expected: 'true or false' })
const signal = z.instanceof(AbortSignal).optional().meta({ expected: 'an AbortSignal' })

const runSchema = z.strictObject({
  shutdown: signal,
  signal,
  untilEnd: flag,
  processEnds: flag,
  stdoutToStderr: flag,
  onEvent: z
    .custom((value) => typeof value === 'function')
    .optional()
    .meta({ expected: 'a function' }),
})

const logger = z.unknown().superRefine((value, context) => {
  const methods = (value ?? {}) as Record<string, unknown>
  const missing = logLevels.filter((level) => typeof methods[level] !== 'function')
  if (missing.length === 0) return
  const message = `has no ${missing.join(', ')}; expected an object with the methods ${logLevels.join(', ')}, such as pino`
  context.addIssue({ code: 'custom', message })
})

/** Node's timers take no more, and fire at once instead. */
const MAX_TIMEOUT_MS = 2 ** 31 - 1

const timeout = z
  .number()
  .min(0)
  .max(MAX_TIMEOUT_MS)
  .optional()
  .meta({ expected: `a number of milliseconds, 0 to ${MAX_TIMEOUT_MS}, or nothing` })

const readSchema = z.strictObject({ timeoutMs: timeout, signal })

/** Fields of a work that its factory has no default for: they say which work it is. */
export const ofOneWork = ['topic', 'topics', 'groupId', 'processor'] as const

/** None of the others is required. */
const factorySchema = workSchema
  .omit(Object.fromEntries(ofOneWork.map((field) => [field, true])) as Record<(typeof ofOneWork)[number], true>)
  .extend({ logger: logger.optional() })

/** @throws ZK_CONFIG_INVALID */
export function checkRunOptions(options: unknown): void {
  check(runSchema, options, 'configuration of run')
}

/** @throws ZK_CONFIG_INVALID */
export function checkFactoryOptions(options: unknown): void {
  check(factorySchema, options, 'configuration of workFactory')
}

/** Called for each message: the schema is only asked what is wrong. @throws ZK_CONFIG_INVALID */
export function checkReadOptions(options: { timeoutMs?: number; signal?: AbortSignal }): void {
  if (!areReadOptions(options)) check(readSchema, options, 'call of read')
}

function areReadOptions(options: unknown): boolean {
  if (typeof options !== 'object' || options === null) return false
  for (const name in options) if (name !== 'timeoutMs' && name !== 'signal') return false
  const { timeoutMs, signal } = options as { timeoutMs?: unknown; signal?: unknown }
  return (timeoutMs === undefined || isTimeout(timeoutMs)) && (signal === undefined || signal instanceof AbortSignal)
}

/** @param method whose only argument it is. @throws ZK_CONFIG_INVALID */
export function checkTimeout(method: string, timeoutMs: number): void {
  if (isTimeout(timeoutMs)) return
  const message = `is ${show(timeoutMs)}; expected ${timeout.meta()?.expected}`
  throw errors.ZK_CONFIG_INVALID(`call of ${method}`, [{ path: 'timeoutMs', message }])
}

function isTimeout(value: unknown): boolean {
  return typeof value === 'number' && value >= 0 && value <= MAX_TIMEOUT_MS
}

function check(schema: z.ZodObject, options: unknown, what: string): void {
  const { problems } = parse(schema, options)
  if (problems.length > 0) throw problemsError(what, problems)
}
