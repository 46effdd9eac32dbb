/** What is wrong with a configuration: collecting it, saying it, and failing with all of it at once. */

import { didYouMean } from '@zk/formats/internal'
import type { z } from 'zod'
import { type ConfigProblem, errors } from '../errors.js'
import type { ZkError } from '../zk-error.js'
import { type FieldDoc, type OwnError, shapeOf } from './fields.js'
import { formatPath } from './format-path.js'
import { isSecret, withoutCredentials } from './is-secret.js'

export interface Problem extends ConfigProblem {
  /** The more exact error to throw when this is the only problem. */
  error?: () => ZkError
}

export type Parsed<S extends z.ZodType> =
  | { value: z.output<S>; problems: Problem[] }
  | { value?: never; problems: Problem[] }

export function parse<S extends z.ZodObject>(schema: S, input: unknown): Parsed<S> {
  const result = schema.safeParse(input, { reportInput: true })
  if (result.success) return { value: result.data, problems: [] }
  const problems = result.error.issues.flatMap((issue) => problemsOf(issue, schema))
  // A number that is no safe integer is also beyond its limits, which is one problem in our words.
  return { problems: uniqueBy(problems, ({ path, message }) => `${path}: ${message}`) }
}

/** The error of one problem or more. `what` is the configuration's name. */
export function problemsError(what: string, problems: readonly Problem[]): ZkError {
  const [first] = problems
  if (problems.length === 1 && first?.error !== undefined) return first.error()
  return errors.ZK_CONFIG_INVALID(
    what,
    problems.map(({ path, message }) => ({ path, message })),
  )
}

/** A value as it may appear in a message: short, and with its type where the looks deceive. */
export function show(value: unknown): string {
  if (value === undefined) return 'missing'
  if (typeof value === 'string') {
    const text = withoutCredentials(value)
    return text.length > 60 ? `${JSON.stringify(text.slice(0, 60))}…` : JSON.stringify(text)
  }
  if (typeof value === 'function') return 'a function'
  if (Array.isArray(value)) return value.length === 0 ? 'an empty array' : 'an array'
  if (typeof value === 'object' && value !== null) return 'an object'
  return String(value)
}

function uniqueBy<T>(items: readonly T[], key: (item: T) => string): T[] {
  return [...new Map(items.map((item) => [key(item), item])).values()]
}

function problemsOf(issue: z.core.$ZodIssue, schema: z.ZodObject): Problem[] {
  const path = formatPath(issue.path)
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => {
      const { shape = {} } = placeAt(schema, issue.path)
      const meant = didYouMean(key, Object.keys(shape))
      return {
        path: formatPath([...issue.path, key]),
        message: `is not a field${meant === undefined ? '' : `; did you mean ${meant}?`}`,
      }
    })
  }
  const { expected = 'an object' } = (placeAt(schema, issue.path).field?.meta() ?? {}) as Partial<FieldDoc>
  if (issue.code === 'custom' && issue.message !== 'Invalid input') {
    const error = (issue.params as OwnError | undefined)?.error
    return [{ path, message: issue.message, ...(error !== undefined && { error }) }]
  }
  return [{ path, message: `is ${isTold(path, issue) ? show(issue.input) : '[redacted]'}; expected ${expected}` }]
}

/**
 * Whether a value may appear in a message. Nothing that stands among credentials may: a password that was given in the place of a
 * mechanism is one all the same. What has no value in its words may, such as `missing`.
 */
function isTold(path: string, { input, path: steps }: z.core.$ZodIssue): boolean {
  const hasWords = (typeof input === 'string' && input !== '') || typeof input === 'number' || typeof input === 'bigint'
  if (!hasWords) return !steps.some((step) => isSecret(String(step)))
  // Properties or credentials given as one text have their values in it.
  return (
    !/^(sasl|tls)\b|^additionalProps($|\["(sasl|ssl|security)\b)/.test(path) &&
    !steps.some((step) => isSecret(String(step)))
  )
}

/** The documented field that a path leads to or into, and its own fields if it is an object of them. */
function placeAt(schema: z.ZodObject, path: readonly PropertyKey[]) {
  let field: z.ZodType | undefined
  let shape: Readonly<Record<string, z.ZodType>> | undefined = schema.shape
  for (const step of path) {
    const next: z.ZodType | undefined = shape?.[String(step)]
    if (next === undefined) break
    field = next
    shape = shapeOf(next)
  }
  return { field, shape }
}
