/** What `workFactory` and `run` are called with: checked as the configuration is, for those who write no TypeScript. */
import { z } from 'zod'
import { logLevels } from '../log/logger.js'
import { parse, problemsError } from './problems.js'
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

function check(schema: z.ZodObject, options: unknown, what: string): void {
  const { problems } = parse(schema, options)
  if (problems.length > 0) throw problemsError(what, problems)
}
