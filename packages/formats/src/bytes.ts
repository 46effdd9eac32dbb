import { asBuffer } from './as-buffer.js'
import type { Format } from './format.js'

/** The bytes as they are; what a processor without a format gets. Neither direction copies. */
export const bytes: Format<Buffer> = {
  name: 'bytes',
  decode: asBuffer,
  encode: asBuffer,
}
