/**
 * Which message of a .proto file a value is: the indexes of the message and of those that it is nested in, outermost
 * first, each a zigzag varint, after their count. `[0]`, the first message of a file, is the single byte 0.
 * Source: Confluent's "Wire format" page, Protobuf.
 */
import type { DescMessage } from '@bufbuild/protobuf'
import { FormatError } from '../format-error.js'

/** Deeper than any file nests messages; more are bytes that mean something else. */
const MAX_DEPTH = 100

export function messageIndexes(message: DescMessage): number[] {
  const { parent, file } = message
  const index = (parent?.nestedMessages ?? file.messages).indexOf(message)
  return parent === undefined ? [index] : [...messageIndexes(parent), index]
}

export function writeMessageIndexes(indexes: readonly number[]): Uint8Array {
  if (indexes.length === 1 && indexes[0] === 0) return Uint8Array.of(0)
  return Uint8Array.from([indexes.length, ...indexes].flatMap(zigzagVarint))
}

/** @returns where the message begins. Which message it is is the reader's to know: it has a type of its own. */
export function skipMessageIndexes(bytes: Uint8Array, start: number, format: string): number {
  let pos = start
  const count = read()
  if (count < 0 || count > MAX_DEPTH) throw malformed()
  for (let i = 0; i < count; i++) {
    if (read() < 0) throw malformed()
  }
  return pos

  function read(): number {
    let value = 0
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = bytes[pos++]
      if (byte === undefined) throw malformed()
      value |= (byte & 0x7f) << shift
      if (byte < 0x80) return (value >>> 1) ^ -(value & 1)
    }
    throw malformed()
  }

  function malformed(): FormatError {
    return new FormatError(
      'ZK_DECODE_FAILED',
      format,
      'the message indexes after the schema id are not there or not valid',
    )
  }
}

function zigzagVarint(value: number): number[] {
  const bytes: number[] = []
  let rest = value * 2
  for (; rest > 0x7f; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 0x80)
  bytes.push(rest)
  return bytes
}
