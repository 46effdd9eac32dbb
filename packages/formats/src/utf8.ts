import { isUtf8 } from 'node:buffer'
import { asBuffer } from './as-buffer.js'
import { FormatError } from './format-error.js'

/**
 * Text of UTF-8 bytes, refusing what is not UTF-8.
 *
 * Decoding replaces invalid bytes by U+FFFD without a word. Only a text that contains one can have lost something, so
 * the bytes of all others need no second look.
 */
export function decodeUtf8(bytes: Uint8Array, format: string): string {
  const text = asBuffer(bytes).toString('utf8')
  if (text.includes('\ufffd') && !isUtf8(bytes)) {
    throw new FormatError('ZK_DECODE_FAILED', format, 'the bytes are not UTF-8')
  }
  return text
}
