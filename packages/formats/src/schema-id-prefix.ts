/**
 * The five bytes before a value whose schema is in a registry: 0, then the schema's id as a big-endian int32.
 * Source: Confluent's "Wire format" page of its Schema Registry documentation, version 0 of the prefix.
 */
import { FormatError } from './format-error.js'

/** Bytes before the payload. */
export const PREFIX_BYTES = 5

const MAGIC = 0

/** @throws FormatError when the bytes begin with no such prefix. */
export function readSchemaId(bytes: Uint8Array, format: string): number {
  if (bytes.length < PREFIX_BYTES) {
    throw new FormatError(
      'ZK_DECODE_FAILED',
      format,
      `it has ${bytes.length} bytes and so no room for a schema id, which takes ${PREFIX_BYTES}`,
    )
  }
  if (bytes[0] !== MAGIC) {
    throw new FormatError(
      'ZK_DECODE_FAILED',
      format,
      `it begins with the byte ${bytes[0]} where 0 announces a schema id${bytes[0] === 1 ? ' (1 announces a GUID, which is not supported)' : ''}`,
    )
  }
  return (
    ((bytes[1] as number) << 24) | ((bytes[2] as number) << 16) | ((bytes[3] as number) << 8) | (bytes[4] as number)
  )
}

/** The prefix, what may stand between it and the payload, and the payload, in new memory. */
export function joinWithSchemaId(id: number, payload: Uint8Array, between?: Uint8Array): Buffer {
  const start = PREFIX_BYTES + (between?.length ?? 0)
  const all = Buffer.allocUnsafe(start + payload.length)
  all[0] = MAGIC
  all.writeInt32BE(id, 1)
  if (between !== undefined) all.set(between, PREFIX_BYTES)
  all.set(payload, start)
  return all
}
