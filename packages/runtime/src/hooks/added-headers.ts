/** Headers that `preWrite` adds to a record. */
import { errors } from '../errors.js'
import { headersOf } from '../outgoing-parts.js'
import type { OutgoingHeaders } from '../processor-types.js'

export type HeaderPairs = readonly (readonly [name: string, value: Uint8Array | null])[]

/** More would be a value, and the record too large for its topic. */
export const MAX_ADDED_BYTES = 16 * 1024

/** Of what a `preWrite` returned. @throws TypeError, ZkError ZK_SEND_INVALID for what is none, RangeError for too much */
export function headersIn(answer: unknown): HeaderPairs {
  if (typeof answer !== 'object' || answer === null) {
    throw new TypeError(`it returned ${typeof answer}; expected an object of headers`)
  }
  const { headers } = answer as { headers?: OutgoingHeaders }
  const pairs = headersOf(headers, errors.ZK_SEND_INVALID)
  const bytes = pairs.reduce((sum, [name, value]) => sum + name.length + (value?.length ?? 0), 0)
  if (bytes > MAX_ADDED_BYTES)
    throw new RangeError(`it returned ${bytes} bytes of headers; at most ${MAX_ADDED_BYTES} are added`)
  return pairs
}

/** All of `added`, behind those of `headers` that have none of their names. */
export function replacing(headers: HeaderPairs, added: HeaderPairs): HeaderPairs {
  if (added.length === 0) return headers
  const names = new Set(added.map(([name]) => name))
  return [...headers.filter(([name]) => !names.has(name)), ...added]
}
