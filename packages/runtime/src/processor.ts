/**
 * `@zk/runtime/processor`: what processor modules import. It is loaded in every thread, so it imports nothing of
 * the consumer, the thread pool, the logger or zod.
 */
import type { ThreadHooks } from './hooks/hook-types.js'
import type { BatchProcessor, Processor } from './processor-types.js'

export { bytes, type Format, FormatError, json, type Schema, string } from '@zk/formats'
export { chainHooks } from './hooks/chain-hooks.js'
export type { ContextValues, HandlerEnd, HookContext, LifecycleHooks, ThreadHooks } from './hooks/hook-types.js'
export { ProcessError, type ProcessErrorOptions } from './process-error.js'
export type {
  AbortReason,
  BatchContext,
  BatchProcessor,
  HandlerAbort,
  Headers,
  Message,
  OutgoingHeaders,
  OutgoingRecord,
  ProcessContext,
  Processor,
  ProcessorParts,
  SendOptions,
  SentRecord,
  ThreadInfo,
} from './processor-types.js'

export { headerGetter } from './tracing/trace-headers.js'

/** Returns what it is given: it is here for the types of message, state and options. */
export function defineProcessor<V = Buffer, O = unknown, S = unknown>(
  processor: BatchProcessor<V, O, S>,
): BatchProcessor<V, O, S>
export function defineProcessor<V = Buffer, O = unknown, S = unknown>(processor: Processor<V, O, S>): Processor<V, O, S>
export function defineProcessor<P extends Processor | BatchProcessor>(processor: P): P {
  return processor
}

/** The same for the default export of a hooks module (`hooksModule`). */
export function defineHooks<V = unknown, S = unknown>(hooks: ThreadHooks<V, S>): ThreadHooks<V, S> {
  return hooks
}
