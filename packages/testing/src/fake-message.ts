import type { FormatPlace } from '@zk/formats'
import { HeaderList } from '@zk/runtime/internal'
import type { Format, Headers, Message } from '@zk/runtime/processor'
import {
  anything,
  aText,
  type Fields,
  kind,
  type Problem,
  pairs,
  problemsOf,
  refuse,
  someBytes,
  wholeFrom,
} from './check-arguments.js'

/** A record to be made into a message. Everything has a default; give what the test is about. */
export interface FakeRecord<V = Buffer> {
  /** Default: null, a record without a key. */
  key?: string | Uint8Array | null
  /**
   * What the handler shall see as `message.value`: encoded and decoded again by the processor's format, as on its way
   * through a topic; without a format, bytes or a string. null: a tombstone, the default.
   */
  value?: V | string | null
  /** The bytes on the topic instead of `value`, for values that the format does not accept. */
  rawValue?: string | Uint8Array | null
  /** Names may repeat. */
  headers?: Iterable<readonly [name: string, value: string | Uint8Array | null]>
  /** Default `test`. */
  topic?: string
  /** Default 0. */
  partition?: number
  /** Default 0; in `runProcessor`, its place in the list. */
  offset?: number
  /** Milliseconds since 1970; default -1: none. */
  timestamp?: number
}

const FIELDS: Fields<FakeRecord<unknown>> = {
  key: someBytes,
  value: anything,
  rawValue: someBytes,
  headers: pairs,
  topic: aText,
  partition: wholeFrom(0),
  offset: wholeFrom(0),
  timestamp: kind('a number of milliseconds since 1970', (value) => Number.isInteger(value)),
}

/** @param given fields that the call says itself, so that a record may not */
export function recordProblems(
  records: readonly object[],
  given: readonly (keyof FakeRecord)[] = [],
  hasFormat = false,
): Problem[] {
  if (!Array.isArray(records)) return [{ path: 'records', message: 'is no array; expected one of records' }]
  const fields = Object.fromEntries(
    Object.entries(FIELDS).filter(([name]) => !given.includes(name as keyof FakeRecord)),
  ) as typeof FIELDS
  return records.flatMap((record: FakeRecord<unknown>, i) =>
    problemsOfRecord(record, fields, `records[${i}]`, hasFormat),
  )
}

function problemsOfRecord(
  record: FakeRecord<unknown>,
  fields: typeof FIELDS,
  path: string,
  hasFormat: boolean,
): Problem[] {
  const problems = problemsOf(record, fields, path)
  const { value, rawValue } = record ?? {}
  const at = path === '' ? '' : `${path}.`
  if (value !== undefined && rawValue !== undefined) {
    problems.push({
      path: `${at}value`,
      message: 'is given together with rawValue; a fake record has one of them, not both',
    })
  }
  if (!hasFormat && value !== undefined && !someBytes.is(value)) {
    problems.push({ path: `${at}value`, message: 'is neither text nor bytes, which needs the format of the processor' })
  }
  return problems
}

/**
 * A message as a handler gets it, without Kafka. As in production, `value` is decoded on first access, and what user
 * code gets is its own to keep or change.
 * @throws ZkError ZK_CONFIG_INVALID naming each field that is wrong or unknown; both `value` and `rawValue` are, and a value that
 *   is no bytes, without a format
 * @throws FormatError when the format does not encode the value
 */
export function fakeMessage<V = Buffer>(record: FakeRecord<V> = {}, format?: Format<V>): Message<V> {
  refuse('fakeMessage', problemsOfRecord(record, FIELDS, '', format !== undefined))
  return uncheckedMessage(record, format)
}

/** The same of a record that was looked at. */
export function uncheckedMessage<V>(record: FakeRecord<V>, format: Format<V> | undefined): Message<V> {
  const { topic = 'test', partition = 0, offset = 0, timestamp = -1 } = record
  const rawValue = rawValueOf(record, { topic, part: 'value' }, format)
  const headers = headersOf(record.headers ?? [])
  let value: V | null | undefined
  return {
    ...{ topic, partition, offset, timestamp, rawValue, headers },
    key: record.key === undefined || record.key === null ? null : copy(record.key),
    get value() {
      if (value === undefined) {
        // Without a format V is Buffer, by the types of Processor.
        value = rawValue === null ? null : format ? format.decode(rawValue) : (rawValue as V)
      }
      return value
    },
  }
}

function rawValueOf<V>(
  { value, rawValue }: FakeRecord<V>,
  place: FormatPlace,
  format: Format<V> | undefined,
): Buffer | null {
  if (rawValue !== undefined) return rawValue === null ? null : copy(rawValue)
  if (value === undefined || value === null) return null
  return format ? format.encode(value as V, place) : copy(value as string | Uint8Array)
}

function headersOf(given: Iterable<readonly [string, string | Uint8Array | null]>): Headers {
  return new HeaderList([...given].map(([name, value]) => [name, value === null ? null : copy(value)]))
}

function copy(bytes: string | Uint8Array): Buffer {
  return typeof bytes === 'string' ? Buffer.from(bytes, 'utf8') : Buffer.from(bytes)
}
