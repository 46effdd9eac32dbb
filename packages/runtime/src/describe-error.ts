/**
 * Errors as plain data, for logs and for crossing threads, and back.
 *
 * Structured clone keeps neither codes nor classes of errors, and what is thrown in a handler is the user's: getters
 * that throw, circular causes, megabytes of message. So describing never throws, and what it returns is bounded.
 */
import type { ErrorCode } from './errors.js'
import { boundedText, isArray, type Plain, plainFields, safeRead } from './plain-copy.js'
import { ProcessError } from './process-error.js'
import { type ExitCode, ZkError } from './zk-error.js'

/** Structured-cloneable and JSON-safe. */
export interface DescribedError {
  name: string
  message: string
  code?: string | number
  stack?: string
  cause?: DescribedError
  /** Of an AggregateError. */
  errors?: DescribedError[]
  /** Other plain fields of the error, such as errno, syscall and path. */
  fields?: Record<string, Plain>
  /** Says which class comes back from `reviveError`. */
  brand?: 'zk' | 'process'
}

const MAX_TEXT = 16_384
const MAX_DEPTH = 5
const MAX_NESTED = 50
const OWN_PLACE = new Set(['name', 'message', 'code', 'stack', 'cause', 'errors'])

/** @param error anything that can be thrown. Never throws itself. */
export function describeError(error: unknown): DescribedError {
  return describe(error, 0)
}

/** The error that was described: a ZkError or ProcessError again where it was one, with the original stack. */
export function reviveError(described: DescribedError): Error {
  const error = construct(described)
  if (described.stack !== undefined) Object.defineProperty(error, 'stack', { value: described.stack, writable: true })
  return error
}

function describe(error: unknown, depth: number): DescribedError {
  if (!isErrorLike(error)) return { name: 'NonError', message: `thrown: ${preview(error)}` }
  const described: DescribedError = {
    name: text(safeRead(error, 'name')) ?? 'Error',
    message: text(safeRead(error, 'message')) ?? '',
  }
  const code = safeRead(error, 'code')
  if (typeof code === 'string' || typeof code === 'number') described.code = code
  const stack = text(safeRead(error, 'stack'))
  if (stack !== undefined) described.stack = stack
  if (ZkError.is(error)) described.brand = 'zk'
  else if (ProcessError.is(error)) described.brand = 'process'
  const fields = plainFields(error, { characters: MAX_TEXT }, 0, OWN_PLACE)
  if (Object.keys(fields).length > 0) described.fields = fields
  if (depth < MAX_DEPTH) {
    const cause = safeRead(error, 'cause')
    if (cause !== undefined) described.cause = describe(cause, depth + 1)
    const nested = safeRead(error, 'errors')
    if (isArray(nested)) described.errors = nested.slice(0, MAX_NESTED).map((one) => describe(one, depth + 1))
  }
  return described
}

function construct({ name, message, code, cause, errors, fields = {}, brand }: DescribedError): Error {
  const revivedCause = cause === undefined ? undefined : reviveError(cause)
  if (brand === 'zk') {
    return new ZkError({
      code: code as ErrorCode,
      message,
      retryable: fields.retryable === true,
      exitCode: (fields.exitCode as ExitCode | undefined) ?? 1,
      details: fields.details as Record<string, unknown> | undefined,
      cause: revivedCause,
    })
  }
  const error =
    brand === 'process' ? processError(message, fields, revivedCause) : plainError(message, errors, revivedCause)
  for (const [key, value] of Object.entries(fields)) {
    // Those of a ProcessError are its own already.
    if (!Object.hasOwn(error, key)) Object.defineProperty(error, key, plainProperty(value, true))
  }
  if (name !== error.name) Object.defineProperty(error, 'name', plainProperty(name, false))
  if (code !== undefined) Object.defineProperty(error, 'code', plainProperty(code, true))
  return error
}

function processError(message: string, fields: Record<string, Plain>, cause: Error | undefined): ProcessError {
  return new ProcessError(message, {
    retryable: fields.retryable !== false,
    disableDeadLetter: fields.disableDeadLetter === true,
    disableCircuitBreak: fields.disableCircuitBreak === true,
    cause,
  })
}

function plainError(message: string, errors: DescribedError[] | undefined, cause: Error | undefined): Error {
  const options = cause === undefined ? undefined : { cause }
  return errors === undefined
    ? new Error(message, options)
    : new AggregateError(errors.map(reviveError), message, options)
}

function plainProperty(value: unknown, enumerable: boolean): PropertyDescriptor {
  return { value, enumerable, writable: true, configurable: true }
}

function isErrorLike(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false
  try {
    // An error of another realm (vm, a test runner) is no instance of this realm's Error.
    return value instanceof Error || (typeof safeRead(value, 'message') === 'string' && 'stack' in value)
  } catch {
    return false
  }
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? boundedText(value, { characters: MAX_TEXT }) : undefined
}

function preview(value: unknown): string {
  try {
    const shown = typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value)
    return (shown ?? typeof value).slice(0, 500)
  } catch {
    return typeof value
  }
}
