import type { Format } from './format.js'
import { FormatError } from './format-error.js'
import { decodeUtf8 } from './utf8.js'

/** UTF-8 text. Bytes that are not UTF-8 are an error, not question marks. */
export const string: Format<string> = {
  name: 'string',
  decode: (bytes) => decodeUtf8(bytes, 'string'),
  encode: (value) => {
    if (typeof value !== 'string') throw new FormatError('ZK_ENCODE_FAILED', 'string', `it is a ${typeof value}`)
    return Buffer.from(value, 'utf8')
  },
}
