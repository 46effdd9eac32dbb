/**
 * A dead letter as the record that is written. Without the addon the client writes text alone as header values: the
 * record's own headers that are something else are left out then, which `zk.dlt.headers.dropped` says, because such a record
 * is refused each time, and the letters behind it would wait for ever.
 */
import type { RecordToSend } from '../kafka/producer-client.js'
import type { DeadLetter } from './dead-letter.js'
import { deadLetterHeaders, type HeaderOptions } from './dead-letter-headers.js'
import { own } from './header-names.js'
import { parseDeadLetter } from './parse-dead-letter.js'

/** What is left off because the topic does not take all of it: nothing, the value, its own headers too. */
export type Reduction = 'none' | 'value' | 'headers'

/** @returns what to leave off next; undefined when nothing is left that could be */
export function dropped(reduction: Reduction): Reduction | undefined {
  if (reduction === 'none') return 'value'
  return reduction === 'value' ? 'headers' : undefined
}

export interface RecordOptions extends HeaderOptions {
  topic: string
  /** Whether the client writes this header value as it is. */
  carries(value: Uint8Array | null): boolean
}

/** How many of the record's headers the client cannot write. */
export function uncarried({ record }: DeadLetter, { carries }: Pick<RecordOptions, 'carries'>): number {
  return record.headers.reduce((count, [, value]) => (carries(value) ? count : count + 1), 0)
}

export function recordOf(letter: DeadLetter, reduction: Reduction, options: RecordOptions): RecordToSend {
  const { key, value, headers, timestamp } = letter.record
  const record = { topic: options.topic, partition: -1, key, timestamp }
  const all = deadLetterHeaders(letter, options)
  const full = all.filter(([, one]) => options.carries(one))
  const sizes: [string, Buffer][] = []
  if (reduction !== 'headers' && full.length < all.length) {
    const before = parseDeadLetter(headers)?.headersDropped ?? 0
    sizes.push([own.headersDropped, Buffer.from(`${before + all.length - full.length}`)])
  }
  if (reduction === 'none') return { ...record, value, headers: [...full, ...sizes] }
  // A tombstone has no value to leave off.
  if (value !== null) sizes.push([own.valueDropped, Buffer.from(`${value.length}`)])
  if (reduction === 'value') return { ...record, value: null, headers: [...full, ...sizes] }
  // What is kept of the record's headers is in there as it was, not copied.
  sizes.push([own.headersDropped, Buffer.from(`${headers.length}`)])
  return { ...record, value: null, headers: [...full.filter((header) => !headers.includes(header)), ...sizes] }
}
