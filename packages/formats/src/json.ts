import type { Format } from './format.js'
import { FormatError } from './format-error.js'
import { FormatOptionError } from './format-option-error.js'
import { messageOf } from './message-of.js'
import { decodeUtf8 } from './utf8.js'

/** Anything that checks a value the way a zod schema does: returns it (perhaps transformed) or throws. */
export interface Schema<V> {
  parse(value: unknown): V
}

/** More would bury the first, which is mostly the cause of the others. */
const MAX_ISSUES = 5

/** JSON text in UTF-8, unchecked. */
export function json(): Format<unknown>
/**
 * JSON text in UTF-8, checked on reading by a schema, such as a zod object. Writing does not check: a schema may
 * transform, and what it returns need not be what it accepts.
 */
export function json<V>(schema: Schema<V>): Format<V>
export function json(schema?: Schema<unknown>): Format<unknown> {
  // At once, where the module is loaded: otherwise every record would fail, each with a riddle.
  if (schema !== undefined && typeof (schema as Schema<unknown> | null)?.parse !== 'function') {
    throw new FormatOptionError(
      'json(schema) expects something with a parse method, such as a zod schema; json() checks nothing',
    )
  }
  return {
    name: 'json',
    decode: (bytes) => {
      const value = parse(bytes)
      return schema === undefined ? value : check(schema, value)
    },
    encode: (value) => Buffer.from(stringify(value), 'utf8'),
  }
}

function parse(bytes: Uint8Array): unknown {
  const text = decodeUtf8(bytes, 'json')
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new FormatError('ZK_DECODE_FAILED', 'json', text === '' ? 'it is empty' : messageOf(cause), cause)
  }
}

function check(schema: Schema<unknown>, value: unknown): unknown {
  try {
    return schema.parse(value)
  } catch (cause) {
    throw new FormatError('ZK_DECODE_FAILED', 'json', `it does not fit the schema (${issuesOf(cause)})`, cause)
  }
}

function stringify(value: unknown): string {
  let text: string | undefined
  try {
    text = JSON.stringify(value)
  } catch (cause) {
    throw new FormatError('ZK_ENCODE_FAILED', 'json', messageOf(cause), cause)
  }
  if (text === undefined) {
    throw new FormatError('ZK_ENCODE_FAILED', 'json', `JSON has no ${value === undefined ? 'undefined' : typeof value}`)
  }
  return text
}

/** zod's own message is JSON over many lines; a log line wants `items[0].price: expected a number`. */
function issuesOf(error: unknown): string {
  const issues = (error as { issues?: unknown } | null)?.issues
  if (!Array.isArray(issues) || issues.length === 0) return messageOf(error)
  const shown = issues.slice(0, MAX_ISSUES).map((issue: { path?: unknown; message?: unknown }) => {
    const path = Array.isArray(issue.path) ? pathOf(issue.path) : ''
    return path === '' ? String(issue.message) : `${path}: ${String(issue.message)}`
  })
  const rest = issues.length - shown.length
  return shown.join('; ') + (rest > 0 ? `; and ${rest} more` : '')
}

function pathOf(path: readonly unknown[]): string {
  return path.reduce<string>((text, step) => {
    if (typeof step === 'number') return `${text}[${step}]`
    return text === '' ? String(step) : `${text}.${String(step)}`
  }, '')
}
