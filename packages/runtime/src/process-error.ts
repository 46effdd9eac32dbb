/**
 * What a handler throws to say how its failure is to be treated. Any other error counts as retryable. One that is the cause
 * of another error counts as well, so that it may be wrapped on its way; of several the outermost is heard.
 *
 * Branded as ZkError is, and free of imports: it is loaded in every thread through `@zk/runtime/processor`.
 */
const brand = Symbol.for('@zk/runtime.ProcessError')

export interface ProcessErrorOptions {
  /** False: another attempt cannot succeed, so do not make one. Default true. */
  retryable?: boolean
  /** True: when attempts are exhausted, do not write the record to the dead letter topic. Default false. */
  disableDeadLetter?: boolean
  /** True: the failure says nothing about the health of what the handler calls. Default false. */
  disableCircuitBreak?: boolean
  cause?: unknown
}

export class ProcessError extends Error {
  readonly retryable: boolean
  readonly disableDeadLetter: boolean
  readonly disableCircuitBreak: boolean

  static {
    // On the prototype, as with built-in errors: the first line of the stack is made before any field is set.
    Object.defineProperty(ProcessError.prototype, 'name', { value: 'ProcessError' })
  }

  constructor(message: string, options: ProcessErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.retryable = options.retryable ?? true
    this.disableDeadLetter = options.disableDeadLetter ?? false
    this.disableCircuitBreak = options.disableCircuitBreak ?? false
    Object.defineProperty(this, brand, { value: true })
  }

  /** True for an error of any loaded copy of this package. */
  static is(value: unknown): value is ProcessError {
    return typeof value === 'object' && value !== null && (value as Record<symbol, unknown>)[brand] === true
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    return ProcessError.is(value)
  }
}

/** Longer chains of causes are nobody's intention. */
const MAX_CAUSES = 16

/** @returns the outermost ProcessError among an error and its causes. Never throws, whatever was thrown. */
export function processErrorIn(error: unknown): ProcessError | undefined {
  try {
    let at = error
    for (let i = 0; i < MAX_CAUSES && typeof at === 'object' && at !== null; i++) {
      if (ProcessError.is(at)) return at
      at = (at as { cause?: unknown }).cause
    }
  } catch {
    // A getter or proxy of the user's.
  }
  return undefined
}
