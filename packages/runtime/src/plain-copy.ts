/**
 * Copies of values that come from user code, as plain data: without functions, symbols, class instances and cycles,
 * and of bounded size, so that they can be posted to another thread and written to a log. Never throws, whatever
 * getters and proxies do.
 */
export type Plain = string | number | boolean | null | Plain[] | { [key: string]: Plain }

/** How much of a value is copied. Given to several copies, it bounds them together. */
export interface CopyBudget {
  /** Characters of text left. */
  characters: number
}

const MAX_DEPTH = 5
const MAX_ENTRIES = 50

/** @returns undefined when nothing of the value can be copied. */
export function plainCopy(value: unknown, budget: CopyBudget, depth = 0): Plain | undefined {
  if (value === null || typeof value === 'boolean' || typeof value === 'number') return value
  if (typeof value === 'string') return boundedText(value, budget)
  if (typeof value === 'bigint') return boundedText(value.toString(), budget)
  if (typeof value !== 'object' || depth > MAX_DEPTH) return undefined
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString()
  if (isArray(value)) return value.slice(0, MAX_ENTRIES).map((one) => plainCopy(one, budget, depth + 1) ?? null)
  return isPlainObject(value) ? plainFields(value, budget, depth) : undefined
}

/** The enumerable fields of an object, whatever its class, but for those that `skip` has. */
export function plainFields(
  value: object,
  budget: CopyBudget,
  depth = 0,
  skip?: ReadonlySet<string>,
): { [key: string]: Plain } {
  const copy: { [key: string]: Plain } = {}
  for (const key of safeKeys(value)) {
    if (skip?.has(key)) continue
    const member = plainCopy(safeRead(value, key), budget, depth + 1)
    if (member === undefined) continue
    budget.characters -= key.length
    // Assigning would call the setter that every object inherits under this name.
    if (key === '__proto__') continue
    copy[key] = member
  }
  return copy
}

export function boundedText(text: string, budget: CopyBudget): string {
  const left = Math.max(0, budget.characters)
  budget.characters -= Math.min(text.length, left)
  return text.length > left ? `${text.slice(0, left)}… (${text.length} characters)` : text
}

export function safeRead(from: object, key: string): unknown {
  try {
    return (from as Record<string, unknown>)[key]
  } catch {
    return undefined
  }
}

export function safeKeys(value: object): string[] {
  try {
    return Object.keys(value).slice(0, MAX_ENTRIES)
  } catch {
    return []
  }
}

export function isArray(value: unknown): value is unknown[] {
  try {
    return Array.isArray(value)
  } catch {
    return false // a revoked proxy
  }
}

function isPlainObject(value: object): boolean {
  try {
    const prototype = Object.getPrototypeOf(value)
    return prototype === null || prototype === Object.prototype
  } catch {
    return false
  }
}
