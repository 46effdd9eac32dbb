import type { Format } from './format.js'
import { FormatError } from './format-error.js'
import { decodeUtf8 } from './utf8.js'

/** Half of a pair: with the flag u, whole pairs are other characters. */
const LONE_SURROGATE = /\p{Surrogate}/u

/** UTF-8 text. What is not UTF-8, or has none, is an error, not question marks. */
export const string: Format<string> = {
  name: 'string',
  decode: (bytes) => decodeUtf8(bytes, 'string'),
  encode: (value) => {
    if (typeof value !== 'string') throw new FormatError('ZK_ENCODE_FAILED', 'string', `it is a ${typeof value}`)
    if (LONE_SURROGATE.test(value)) {
      throw new FormatError('ZK_ENCODE_FAILED', 'string', 'it has half of a surrogate pair, which has no UTF-8')
    }
    return Buffer.from(value, 'utf8')
  },
}
