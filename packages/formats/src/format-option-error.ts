import { brandAsZkError } from './brand.js'
import { didYouMean } from './did-you-mean.js'

/** What a format was made with cannot be: an option that is unknown, of the wrong type, or contradicts another. */
export class FormatOptionError extends TypeError {
  readonly code = 'ZK_FORMAT_OPTIONS'
  /** The same options are as wrong the next time. */
  readonly retryable = false
  readonly exitCode = 1

  static {
    Object.defineProperty(FormatOptionError.prototype, 'name', { value: 'FormatOptionError' })
  }

  /** @param why Without a full stop, and without a credential. The sentence is that of packages/runtime/src/errors.ts; a test there compares them. */
  constructor(why: string, options?: ErrorOptions) {
    super(`${why}. Correct the options of the format; docs/guides/formats.md has them.`, options)
    brandAsZkError(this)
  }
}

/** Whether an option is true or false; what the others must be says whoever uses them. */
type Kind = 'flag' | 'other'

/** Every option of `Options`, so that none can be forgotten here. */
export type OptionKinds<Options> = Readonly<Record<keyof Options, Kind>>

/**
 * A misspelt option would be left out in silence.
 *
 * @param what Whose they are, such as `avro`.
 * @throws FormatOptionError which names the option, the one that was probably meant, and what there is. Values are not shown: that
 *   of a wrong name may be a password.
 */
export function checkOptions<Options>(what: string, options: Options, kinds: OptionKinds<Options>): void {
  const known = Object.keys(kinds)
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new FormatOptionError(`${what} expects an object of ${known.join(', ')}`)
  }
  for (const [name, value] of Object.entries(options)) {
    if (!Object.hasOwn(kinds, name)) {
      const meant = didYouMean(name, known)
      throw new FormatOptionError(
        `${what} has no ${name}${meant === undefined ? '' : ` (did you mean ${meant}?)`}: expected ${known.join(', ')}`,
      )
    }
    if (kinds[name as keyof Options] === 'flag' && value !== undefined && typeof value !== 'boolean') {
      throw new FormatOptionError(
        `${what}: ${name} expects true or false, not ${value === null ? 'null' : `a ${typeof value}`}`,
      )
    }
  }
}
