/**
 * The values of records on their way to a thread, beside their frame: the structured clone of each, as bytes, so that what is
 * no plain data is found where the hook gave it, and that each attempt gets a copy of its own.
 *
 * Packed: i32 place of the values of each record of the frame, and of what follows the last; then the bytes. Where the next
 * place is the same, the record has none.
 */
import { deserialize, serialize } from 'node:v8'
import type { InFlightTable } from '@zk/engine'
import type { PackedBatch } from '../kafka/packed-batch.js'
import { checkValues } from './ask-hook.js'
import type { ContextValues } from './hook-types.js'

/** Of one record. Times the records in the window they stay a matter of some MiB, as long as they are what they are for. */
export const MAX_VALUES_BYTES = 16 * 1024

/** @throws TypeError, RangeError, or V8's DataCloneError, for what cannot travel */
export function writeValues(answer: unknown): Uint8Array {
  const bytes = serialize(checkValues(answer))
  if (bytes.length <= MAX_VALUES_BYTES) return bytes
  throw new RangeError(`it returned values of ${bytes.length} bytes; at most ${MAX_VALUES_BYTES} travel with a record`)
}

/** @returns a new object each time */
export function readValues(bytes: Uint8Array | undefined): ContextValues {
  // Of a copy: what is a Buffer in it is a view of what it was read from.
  return bytes === undefined ? {} : (deserialize(new Uint8Array(bytes)) as ContextValues)
}

/** @returns undefined where none of these records has any */
export function valuesOfRows(
  { batch, index }: InFlightTable<PackedBatch>,
  tickets: Int32Array,
  count: number,
): ArrayBuffer | undefined {
  const values: (Uint8Array | undefined)[] = []
  for (let i = 0; i < count; i++) {
    const ticket = tickets[i]!
    values.push(batch[ticket]!.values?.[index[ticket]!])
  }
  return values.every((one) => one === undefined) ? undefined : packValues(values)
}

export function packValues(values: readonly (Uint8Array | undefined)[]): ArrayBuffer {
  const start = (values.length + 1) * 4
  const bytes = new Uint8Array(values.reduce((sum, one) => sum + (one?.length ?? 0), start))
  const places = new Int32Array(bytes.buffer, 0, values.length + 1)
  let at = start
  for (const [i, one] of values.entries()) {
    places[i] = at
    if (one === undefined) continue
    bytes.set(one, at)
    at += one.length
  }
  places[values.length] = at
  return bytes.buffer
}

/** @param i the record's place in its frame */
export function valuesAt(packed: ArrayBuffer, i: number): Uint8Array | undefined {
  const [from, to] = new Int32Array(packed, i * 4, 2)
  return from === to ? undefined : new Uint8Array(packed, from, to! - from!)
}
