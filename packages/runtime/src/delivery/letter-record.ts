/** A dead letter as the record that is written. */
import type { RecordToSend } from '../kafka/producer-client.js'
import type { DeadLetter } from './dead-letter.js'
import { deadLetterHeaders, type HeaderOptions } from './dead-letter-headers.js'
import { own } from './header-names.js'

/** What is left off because the topic does not take all of it: nothing, the value, its own headers too. */
export type Reduction = 'none' | 'value' | 'headers'

/** @returns what to leave off next; undefined when nothing is left that could be */
export function dropped(reduction: Reduction): Reduction | undefined {
  if (reduction === 'none') return 'value'
  return reduction === 'value' ? 'headers' : undefined
}

export function recordOf(
  letter: DeadLetter,
  reduction: Reduction,
  options: HeaderOptions & { topic: string },
): RecordToSend {
  const { key, value, headers, timestamp } = letter.record
  const record = { topic: options.topic, partition: -1, key, timestamp }
  const full = deadLetterHeaders(letter, options)
  if (reduction === 'none') return { ...record, value, headers: full }
  const sizes: [string, Buffer][] = []
  // A tombstone has no value to leave off.
  if (value !== null) sizes.push([own.valueDropped, Buffer.from(`${value.length}`)])
  if (reduction === 'value') return { ...record, value: null, headers: [...full, ...sizes] }
  // What is kept of the record's headers is in there as it was, not copied.
  sizes.push([own.headersDropped, Buffer.from(`${headers.length}`)])
  return { ...record, value: null, headers: [...full.filter((header) => !headers.includes(header)), ...sizes] }
}
