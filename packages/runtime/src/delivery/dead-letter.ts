/** What goes to the dead letter topic. */
import type { DescribedError } from '../describe-error.js'
import type { FailureCause } from '../failure-cause.js'
import type { TracePlace } from '../tracing/trace-place.js'
import type { CopiedRecord } from './letter-of.js'

export type HeaderStyle = 'zk' | 'spring' | 'connect'

export type HeaderList = readonly (readonly [name: string, value: Buffer | null])[]

export interface DeadLetter {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly record: CopiedRecord
  /** How often it was tried. */
  readonly attempts: number
  readonly cause: FailureCause
  /** Undefined where its thread could not say. */
  readonly error: DescribedError | undefined
  /** When it failed for good, milliseconds since 1970. */
  readonly failedAt: number
  /** Of the attempt that failed; undefined where its thread could not say, or no traces are wanted. */
  readonly span?: TracePlace | undefined
}
