/**
 * The one error class of the runtime.
 *
 * It is recognised by a brand, not by its constructor: an application and one of its dependencies may each have a
 * copy of this package, and an error of one copy must still be a ZkError to the other.
 */
import type { ErrorCode } from './errors.js'

const brand = Symbol.for('@zk/runtime.ZkError')

/**
 * How the process ends when the error ends it.
 * 1 bad configuration or start-up failure, 2 shutdown deadline, 3 fatal broker error or fenced,
 * 4 stopped by its own policy, 5 a thread that could not be ended.
 */
export type ExitCode = 1 | 2 | 3 | 4 | 5

export interface ZkErrorInit {
  code: ErrorCode
  message: string
  retryable: boolean
  exitCode: ExitCode
  /** Facts for programs (offsets, paths, problems), so that nobody has to parse the message. */
  details?: Readonly<Record<string, unknown>> | undefined
  cause?: unknown
}

export class ZkError extends Error {
  /** Stable; `zk explain <code>` and docs/errors.md describe it. */
  readonly code: ErrorCode
  /** Whether trying the same again later can succeed without anybody changing anything. */
  readonly retryable: boolean
  readonly exitCode: ExitCode
  readonly details?: Readonly<Record<string, unknown>>

  static {
    // On the prototype, as with built-in errors: the first line of the stack is made before any field is set.
    Object.defineProperty(ZkError.prototype, 'name', { value: 'ZkError' })
  }

  constructor(init: ZkErrorInit) {
    super(init.message, init.cause === undefined ? undefined : { cause: init.cause })
    this.code = init.code
    this.retryable = init.retryable
    this.exitCode = init.exitCode
    if (init.details !== undefined) this.details = init.details
    Object.defineProperty(this, brand, { value: true })
  }

  /** True for an error of any loaded copy of this package. */
  static is(value: unknown): value is ZkError {
    return typeof value === 'object' && value !== null && (value as Record<symbol, unknown>)[brand] === true
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    return ZkError.is(value)
  }
}
