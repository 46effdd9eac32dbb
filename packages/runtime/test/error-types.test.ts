/** What the compiler knows of errors that are caught: judged by `tsc -p tsconfig.tests.json`. */
import { expect, expectTypeOf, test } from 'vitest'
import {
  type DoneOutcome,
  type ErrorCode,
  errors,
  type FailureCause,
  ProcessError,
  type ProcessErrorOptions,
  ZkError,
} from '../src/index.js'

test('instanceof and ZkError.is narrow what was caught, and its code is one of the documented ones', () => {
  const caught: unknown = errors.ZK_CLIENT_CLOSED('run')
  expect(caught).toBeInstanceOf(ZkError)
  if (!(caught instanceof ZkError) || !ZkError.is(caught)) return
  expectTypeOf(caught).toEqualTypeOf<ZkError>()
  expectTypeOf(caught.code).toEqualTypeOf<ErrorCode>()
  expectTypeOf(caught.code).not.toEqualTypeOf<string>()
  expectTypeOf(caught.retryable).toEqualTypeOf<boolean>()
  expectTypeOf(caught.exitCode).toEqualTypeOf<1 | 2 | 3 | 4 | 5>()
  expectTypeOf(caught.details).toEqualTypeOf<Readonly<Record<string, unknown>> | undefined>()
})

test('a code narrows in a switch, and one that is misspelt is refused', () => {
  function advice(error: ZkError): string {
    switch (error.code) {
      case 'ZK_BROKER_UNREACHABLE':
      case 'ZK_TOPIC_NOT_FOUND':
        expectTypeOf(error.code).toEqualTypeOf<'ZK_BROKER_UNREACHABLE' | 'ZK_TOPIC_NOT_FOUND'>()
        return 'later'
      // @ts-expect-error no such code
      case 'ZK_BROKER_UNREACHEABLE':
        return 'never'
      default:
        expectTypeOf(error.code).toEqualTypeOf<Exclude<ErrorCode, 'ZK_BROKER_UNREACHABLE' | 'ZK_TOPIC_NOT_FOUND'>>()
        return 'no'
    }
  }
  expect(advice(errors.ZK_TOPIC_NOT_FOUND(['orders']))).toBe('later')
})

test('each code makes its error of the arguments that its sentence needs', () => {
  expectTypeOf(errors.ZK_TOPIC_NOT_FOUND).parameter(0).toExtend<readonly string[]>()
  expectTypeOf(errors.ZK_TOPIC_NOT_FOUND).returns.toEqualTypeOf<ZkError>()
  // @ts-expect-error the topics are missing
  expectTypeOf(() => errors.ZK_TOPIC_NOT_FOUND()).toBeFunction()
})

test('a ProcessError takes these options and no others, and has each as a boolean', () => {
  const error: unknown = new ProcessError('no', { retryable: false, disableDeadLetter: true, cause: 'why' })
  expect(error).toBeInstanceOf(ProcessError)
  if (!ProcessError.is(error)) return
  expectTypeOf(error).toEqualTypeOf<ProcessError>()
  expectTypeOf<Pick<ProcessError, 'retryable' | 'disableDeadLetter' | 'disableCircuitBreak'>>().toEqualTypeOf<{
    readonly retryable: boolean
    readonly disableDeadLetter: boolean
    readonly disableCircuitBreak: boolean
  }>()
  expectTypeOf<keyof ProcessErrorOptions>().toEqualTypeOf<
    'retryable' | 'disableDeadLetter' | 'disableCircuitBreak' | 'cause'
  >()
  // @ts-expect-error it is disableDeadLetter
  expectTypeOf(() => new ProcessError('no', { disableDLTWrite: true })).toBeFunction()
})

test('an outcome has a cause only where it failed', () => {
  const told = (outcome: DoneOutcome) => {
    // @ts-expect-error it may be done
    outcome.cause
    if (outcome.status !== 'done') expectTypeOf(outcome.cause).toEqualTypeOf<FailureCause>()
  }
  expectTypeOf(told).toBeFunction()
})
