import type avsc from 'avsc'
import { FormatError } from '../format-error.js'
import { messageOf } from '../message-of.js'

type Resolver = ReturnType<avsc.Type['createResolver']>

/** @param start Where the value begins; it must end with the bytes. */
export function readAvro(format: string, type: avsc.Type, bytes: Buffer, start: number, resolver?: Resolver): unknown {
  let read: { value: unknown; offset: number }
  try {
    read = type.decode(bytes, start, resolver)
  } catch (cause) {
    throw new FormatError('ZK_DECODE_FAILED', format, messageOf(cause), cause)
  }
  if (read.offset === bytes.length) return read.value
  const why = read.offset < 0 ? 'it ends too early' : `${bytes.length - read.offset} bytes are left behind it`
  throw new FormatError('ZK_DECODE_FAILED', format, why)
}

export function writeAvro(format: string, type: avsc.Type, value: unknown): Buffer {
  try {
    return type.toBuffer(value)
  } catch (cause) {
    throw new FormatError('ZK_ENCODE_FAILED', format, whyNotWritten(type, value, cause), cause)
  }
}

/** avsc says what is wrong with a value; where, only when asked. */
function whyNotWritten(type: avsc.Type, value: unknown, cause: unknown): string {
  let where: string | undefined
  try {
    type.isValid(value, {
      errorHook: (path, found, expected) => {
        where ??= `${path.length === 0 ? 'it' : path.join('.')} is ${brief(found)}, not ${expected.typeName.replace('abstract:', '')}`
      },
    })
  } catch {
    // Getters and proxies; then the first error has to do.
  }
  return where ?? messageOf(cause)
}

function brief(value: unknown): string {
  if (typeof value === 'string')
    return value.length > 40 ? `a text of ${value.length} characters` : JSON.stringify(value)
  if (value instanceof Date) return 'a Date'
  return typeof value === 'object' && value !== null ? 'an object' : `${typeof value} ${String(value)}`
}
