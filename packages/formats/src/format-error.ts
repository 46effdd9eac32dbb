import { brandAsZkError } from './brand.js'

/** Bytes that are not what the format says, or a value that it cannot write. The cause is the parser's own error. */
export class FormatError extends Error {
  readonly code: 'ZK_DECODE_FAILED' | 'ZK_ENCODE_FAILED'
  /** The same bytes fail the same way every time. */
  readonly retryable = false
  readonly exitCode = 1
  readonly details: { readonly format: string }

  static {
    // On the prototype, as with built-in errors: the first line of the stack is made before any field is set.
    Object.defineProperty(FormatError.prototype, 'name', { value: 'FormatError' })
  }

  constructor(code: FormatError['code'], format: string, why: string, cause?: unknown) {
    const sentence =
      code === 'ZK_DECODE_FAILED'
        ? `The value is not valid ${format}: ${why}. Expected what the processor's format describes.`
        : `The value cannot be written as ${format}: ${why}. Give a value that the format accepts.`
    super(sentence, cause === undefined ? undefined : { cause })
    this.code = code
    this.details = { format }
    brandAsZkError(this)
  }
}
