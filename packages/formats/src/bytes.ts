import { asBuffer } from './as-buffer.js'
import type { Format } from './format.js'
import { FormatError } from './format-error.js'

/** The bytes as they are; what a processor without a format gets. Neither direction copies. */
export const bytes: Format<Buffer> = {
  name: 'bytes',
  decode: asBuffer,
  encode: (value) => {
    if (!(value instanceof Uint8Array))
      throw new FormatError('ZK_ENCODE_FAILED', 'bytes', 'it is no Buffer or Uint8Array')
    return asBuffer(value)
  },
}
