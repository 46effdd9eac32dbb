/**
 * What in a value keeps it from being copied to a thread, with its path: "#<Object> could not be cloned" is no help
 * to somebody whose options hold a database pool three levels down.
 */
import { types } from 'node:util'
import { formatPath } from './format-path.js'

/** Deeper ones exhaust the stack, here or where they are copied. */
const MAX_LEVELS = 1_000

export interface Uncloneable {
  /** Such as `processorOptions.db.connect`. */
  path: string
  /** Such as `a function`. */
  kind: string
}

/** @returns the first thing that cannot be copied, or would arrive empty; undefined when all is well. */
export function findUncloneable(value: unknown, name: string): Uncloneable | undefined {
  const found = search(value, [name], new Set())
  if (found !== undefined) return found
  return isCloneable(value) ? undefined : { path: name, kind: 'a value that cannot be copied' }
}

function search(value: unknown, path: readonly PropertyKey[], seen: Set<object>): Uncloneable | undefined {
  if (typeof value === 'function') return { path: formatPath(path), kind: 'a function' }
  if (typeof value === 'symbol') return { path: formatPath(path), kind: 'a symbol' }
  if (typeof value !== 'object' || value === null || seen.has(value)) return undefined
  if (types.isProxy(value)) return { path: formatPath(path), kind: 'a proxy' }
  if (path.length > MAX_LEVELS) return { path: String(path[0]), kind: `nested more than ${MAX_LEVELS} levels deep` }
  seen.add(value)
  const members = membersOf(value)
  for (const [key, read] of members) {
    let member: unknown
    try {
      member = read()
    } catch {
      return { path: formatPath([...path, key]), kind: 'a getter that throws' }
    }
    const found = search(member, [...path, key], seen)
    if (found !== undefined) return found
  }
  const kind = `an instance of ${value.constructor?.name || 'a class'}`
  const empty = members.length === 0
  if ((empty || isClassInstance(value)) && !isCloneable(value)) return { path: formatPath(path), kind }
  // A URL, for one, has all its state inside: its copy is {} in Node 20, later ones refuse it.
  const hidesState = isClassInstance(value) && (empty || hasPrivateFields(value))
  if (!hidesState || !isPlain(structuredClone(value))) return undefined
  return {
    path: formatPath(path),
    kind: `${kind} (its copy would be ${empty ? 'empty' : 'without its private fields'})`,
  }
}

function membersOf(value: object): [key: PropertyKey, read: () => unknown][] {
  if (ArrayBuffer.isView(value)) return []
  if (value instanceof Map) {
    return [...value].flatMap(([key, member], index) => [
      [index, () => key],
      [typeof key === 'string' ? key : index, () => member],
    ])
  }
  if (value instanceof Set) return [...value].map((member, index) => [index, () => member])
  return Object.keys(value).map((key) => [
    Array.isArray(value) ? Number(key) : key,
    () => (value as Record<string, unknown>)[key],
  ])
}

function isCloneable(value: unknown): boolean {
  try {
    structuredClone(value)
    return true
  } catch {
    return false
  }
}

function isPlain(value: object): boolean {
  const prototype = Object.getPrototypeOf(value)
  return prototype === null || prototype === Object.prototype
}

function isClassInstance(value: object): boolean {
  return !isPlain(value) && !Array.isArray(value)
}

/** The declaration of a private field of instances; a use of one stands behind a dot. */
const PRIVATE_FIELD = /(?<=[\s{;}])(?<!\bstatic\s+)#[A-Za-z_$][\w$]*\s*[=;}\n]/
/** Comments and texts, in which a # is a colour or an issue. */
const NO_CODE = /\/\*[\s\S]*?\*\/|\/\/.*|(['"`])(?:\\.|(?!\1)[^\\])*\1/g

/** Nothing shows them in an object: only the source of its class tells. */
function hasPrivateFields(value: object): boolean {
  for (let at = Object.getPrototypeOf(value); at !== null; at = Object.getPrototypeOf(at)) {
    const own: unknown = at.constructor
    if (typeof own === 'function' && PRIVATE_FIELD.test(sourceOf(own))) return true
  }
  return false
}

function sourceOf(declared: unknown): string {
  return Function.prototype.toString.call(declared).replace(NO_CODE, '""')
}
