/** The parts of a record that somebody wants written, checked where the mistake is: for `ctx.send` and for writers. */
import type { OutgoingHeaders } from './processor-types.js'
import type { ZkError } from './zk-error.js'

/** Makes the error of a part that cannot be written. */
export type InvalidPart = (what: string, found: string, expected: string) => ZkError

type Bytes = Uint8Array | null

/** Text as UTF-8. Buffers are not copied. */
export function bytesOf(what: string, given: unknown, invalid: InvalidPart): Bytes {
  if (given === null) return null
  if (typeof given === 'string') return Buffer.from(given)
  if (given instanceof Uint8Array) return given
  throw invalid(what, shownPart(given), 'a Buffer, a text or null')
}

/** In their order; names may come more than once. */
export function headersOf(
  given: OutgoingHeaders | undefined,
  invalid: InvalidPart,
): readonly (readonly [string, Bytes])[] {
  if (given === undefined || given === null) return NO_HEADERS
  if (typeof given !== 'object') throw invalid('headers', shownPart(given), 'an object, or pairs')
  const pairs: Iterable<unknown> = Symbol.iterator in given ? (given as Iterable<unknown>) : Object.entries(given)
  const entries: [string, Bytes][] = []
  for (const pair of pairs) {
    if (!Array.isArray(pair) || typeof pair[0] !== 'string') {
      throw invalid('headers', shownPart(pair), 'pairs of a name and a value')
    }
    entries.push([pair[0], bytesOf(`header ${JSON.stringify(pair[0])}`, pair[1], invalid)])
  }
  return entries
}

const NO_HEADERS: readonly [] = []

/** @returns −1 when the partitioner is to choose */
export function partitionOf(given: number | undefined, invalid: InvalidPart): number {
  if (given === undefined || given === -1) return -1
  if (Number.isInteger(given) && given >= 0 && given < 2 ** 31) return given
  throw invalid('partition', shownPart(given), 'a whole number from 0, or nothing')
}

/** @returns −1 when it is to be the time of writing */
export function timestampOf(given: number | undefined, invalid: InvalidPart): number {
  if (given === undefined || given === -1) return -1
  if (Number.isSafeInteger(given) && given >= 0) return given
  throw invalid('timestamp', shownPart(given), 'milliseconds since 1970, or nothing')
}

export function shownPart(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, 60))
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'an array' : 'an object'
  return typeof value === 'function' ? 'a function' : String(value)
}
