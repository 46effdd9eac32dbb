/**
 * A record that a handler sends: checked where the handler made it, and packed at once, because what the handler does
 * with its Buffers afterwards must not show, and a Buffer that is posted would be cloned with its whole pool.
 *
 * Packed: f64 timestamp (-1: none), i32 id, ticket, sequence, partition (-1: any), i32 bytes of the topic, of the key (-1: null),
 * of the value (-1: null), of the headers; then these bytes. Headers as in `kafka/packed-batch.ts`.
 */
import { errors } from '../errors.js'
import { decodeHeaders } from '../header-list.js'
import { encodeHeaders } from '../kafka/packed-batch.js'
import type { RecordToSend } from '../kafka/producer-client.js'
import { bytesOf, headersOf, partitionOf, shownPart, timestampOf } from '../outgoing-parts.js'
import type { OutgoingRecord } from '../processor-types.js'

const HEAD = 40
const ID = 8
const TICKET = 12
const SEQUENCE = 16
const TOPIC_LENGTH = 24
const KEY_LENGTH = 28
const VALUE_LENGTH = 32

const TOPIC = /^[a-zA-Z0-9._-]{1,249}$/
const NO_BYTES = Buffer.alloc(0)

type Bytes = Uint8Array | null

/** @throws ZkError ZK_SEND_INVALID: in the handler, where the mistake is */
export function packOutgoing(topic: string, record: OutgoingRecord): Buffer {
  const invalid = errors.ZK_SEND_INVALID
  if (typeof topic !== 'string' || !TOPIC.test(topic)) throw invalid('topic', shownPart(topic), 'a topic name')
  if (typeof record !== 'object' || record === null) throw invalid('record', shownPart(record), 'an object')
  const { key = null, value, headers, partition, timestamp } = record
  const where = partitionOf(partition, invalid)
  const when = timestampOf(timestamp, invalid)
  const pairs = headersOf(headers, invalid)
  const packedHeaders = pairs.length === 0 ? NO_BYTES : encodeHeaders(pairs)
  return pack(topic, bytesOf('key', key, invalid), bytesOf('value', value, invalid), packedHeaders, where, when)
}

/** @param packed of a record whose value is null */
export function withValue(packed: Buffer, value: Uint8Array): Buffer {
  const at = HEAD + packed.readInt32LE(TOPIC_LENGTH) + Math.max(0, packed.readInt32LE(KEY_LENGTH))
  const whole = Buffer.concat([packed.subarray(0, at), value, packed.subarray(at)])
  whole.writeInt32LE(value.length, VALUE_LENGTH)
  return whole
}

/** Which delivery sends it, and under which number its report comes back. */
export function addressOutgoing(packed: Buffer, id: number, ticket: number, sequence: number): void {
  packed.writeInt32LE(id, ID)
  packed.writeInt32LE(ticket, TICKET)
  packed.writeInt32LE(sequence, SEQUENCE)
}

/** As the main thread reads it: views of the bytes that came. */
export interface ArrivedRecord extends RecordToSend {
  readonly id: number
  readonly ticket: number
  readonly sequence: number
}

export function readOutgoing(packed: Buffer): ArrivedRecord {
  let at = HEAD
  const part = (length: number) => {
    const bytes = packed.subarray(at, at + length)
    at += length
    return bytes
  }
  const nullable = (length: number) => (length < 0 ? null : part(length))
  const topic = part(packed.readInt32LE(TOPIC_LENGTH)).toString()
  const key = nullable(packed.readInt32LE(KEY_LENGTH))
  const value = nullable(packed.readInt32LE(VALUE_LENGTH))
  const headers = part(packed.readInt32LE(36))
  return {
    id: packed.readInt32LE(ID),
    ticket: packed.readInt32LE(TICKET),
    sequence: packed.readInt32LE(SEQUENCE),
    topic,
    partition: packed.readInt32LE(20),
    timestamp: packed.readDoubleLE(0),
    key,
    value,
    headers: headers.length === 0 ? [] : decodeHeaders(headers),
  }
}

function pack(topic: string, key: Bytes, value: Bytes, headers: Uint8Array, partition: number, timestamp: number) {
  const size = HEAD + topic.length + (key?.length ?? 0) + (value?.length ?? 0) + headers.length
  const packed = Buffer.allocUnsafe(size)
  packed.writeDoubleLE(timestamp, 0)
  packed.writeInt32LE(partition, 20)
  packed.writeInt32LE(topic.length, TOPIC_LENGTH)
  packed.writeInt32LE(key?.length ?? -1, KEY_LENGTH)
  packed.writeInt32LE(value?.length ?? -1, VALUE_LENGTH)
  packed.writeInt32LE(headers.length, 36)
  let at = HEAD + packed.write(topic, HEAD, 'latin1')
  for (const bytes of [key ?? NO_BYTES, value ?? NO_BYTES, headers]) {
    packed.set(bytes, at)
    at += bytes.length
  }
  return packed
}
