import type { FormatPlace } from '@zk/formats'
import { HeaderList } from '@zk/runtime/internal'
import type { Format, Headers, Message } from '@zk/runtime/processor'

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

/**
 * A message as a handler gets it, without Kafka. As in production, `value` is decoded on first access, and what user
 * code gets is its own to keep or change.
 * @throws TypeError when both `value` and `rawValue` are given, or a value without a format is no bytes
 * @throws FormatError when the format does not encode the value
 */
export function fakeMessage<V = Buffer>(record: FakeRecord<V> = {}, format?: Format<V>): Message<V> {
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
  if (rawValue !== undefined) {
    if (value !== undefined) throw new TypeError('a fake record has a value or a rawValue, not both')
    return rawValue === null ? null : copy(rawValue)
  }
  if (value === undefined || value === null) return null
  if (format) return format.encode(value as V, place)
  if (typeof value === 'string' || value instanceof Uint8Array) return copy(value)
  throw new TypeError('a value that is neither string nor bytes needs the format of the processor')
}

function headersOf(given: Iterable<readonly [string, string | Uint8Array | null]>): Headers {
  return new HeaderList([...given].map(([name, value]) => [name, value === null ? null : copy(value)]))
}

function copy(bytes: string | Uint8Array): Buffer {
  return typeof bytes === 'string' ? Buffer.from(bytes, 'utf8') : Buffer.from(bytes)
}
