/** What the kit is called with, looked at as the runtime looks at its configuration: a misspelt option makes no test that passes. */
import { didYouMean } from '@zk/formats/internal'
import { errors } from '@zk/runtime/internal'

interface Kind {
  readonly expected: string
  is(value: unknown): boolean
}

/** What each field of `T` must be, where it is given. */
export type Fields<T> = Readonly<Record<keyof T, Kind>>

export interface Problem {
  readonly path: string
  readonly message: string
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null
export const kind = (expected: string, is: Kind['is']): Kind => ({ expected, is })

export const anything = kind('anything', () => true)
export const aFunction = kind('a function', (value) => typeof value === 'function')
export const anObject = kind('an object', (value) => isObject(value) && !Array.isArray(value))
export const aText = kind('a text', (value) => typeof value === 'string')
export const aSignal = kind('an AbortSignal', (value) => value instanceof AbortSignal)
export const milliseconds = kind(
  'a number of milliseconds, at least 0',
  (value) => Number(value) >= 0 && typeof value === 'number',
)
export const someBytes = kind(
  'a text, bytes or null',
  (value) => value === null || typeof value === 'string' || value instanceof Uint8Array,
)
export const pairs = kind('pairs of a name and a value', (value) => isObject(value) && Symbol.iterator in value)
export const wholeFrom = (least: number) =>
  kind(`a whole number from ${least}`, (value) => Number.isInteger(value) && (value as number) >= least)

/** @param path of `given`, for what is within a list; '' for an argument of its own */
export function problemsOf<T extends object>(given: T, fields: Fields<T>, path = ''): Problem[] {
  if (!isObject(given) || Array.isArray(given)) return [{ path, message: `is ${shown(given)}; expected an object` }]
  const known = Object.keys(fields)
  return Object.entries(given).flatMap(([name, value]): Problem[] => {
    const at = path === '' ? name : `${path}.${name}`
    if (!Object.hasOwn(fields, name)) {
      const meant = didYouMean(name, known)
      const hint = meant === undefined ? `expected ${known.join(', ')}` : `did you mean ${meant}?`
      return [{ path: at, message: `is not a field; ${hint}` }]
    }
    const { expected, is } = fields[name as keyof T]
    return value === undefined || is(value) ? [] : [{ path: at, message: `is ${shown(value)}; expected ${expected}` }]
  })
}

/** @throws ZkError ZK_CONFIG_INVALID which names all that is wrong with a call */
export function refuse(call: string, problems: readonly Problem[]): void {
  if (problems.length > 0) throw errors.ZK_CONFIG_INVALID(`call of ${call}`, problems)
}

export function checkArgument<T extends object>(call: string, given: T, fields: Fields<T>): void {
  refuse(call, problemsOf(given, fields))
}

function shown(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value)
  if (typeof value === 'function') return 'a function'
  if (Array.isArray(value)) return 'an array'
  return isObject(value) ? 'an object' : String(value)
}
