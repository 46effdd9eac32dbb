/**
 * `preProcessing` and `postProcessing` around a processor, in its thread. Where neither is set, the executor gets the
 * processor itself: nothing of this runs.
 */
import type { Message, ProcessContext, Processor } from '../processor-types.js'
import { askHook, checkValues, tellHook } from './ask-hook.js'
import type { HandlerEnd, HookContext, ThreadHooks } from './hook-types.js'

export interface ThreadHooksOptions {
  /** Of the hooks module; called before the processor's own. */
  module: ThreadHooks | undefined
  groupId: string
  failed(hook: 'preProcessing' | 'postProcessing', error: unknown, message: Message<unknown>): void
}

/** What was thrown or rejected with, or what the value's format threw; undefined where nothing was. */
type Fault = { readonly error: unknown } | undefined

/** Called before the value is decoded. What it gives back is called when the handler has ended. */
export type HooksAround = (message: Message<unknown>, ctx: ProcessContext) => (fault: Fault) => void

/** @returns undefined where there are no hooks */
export function hooksAround(
  processor: ThreadHooks,
  { module, groupId, failed }: ThreadHooksOptions,
): HooksAround | undefined {
  const all = [module, processor].filter((one) => one !== undefined)
  const before = all.filter(({ preProcessing }) => isSet(preProcessing))
  const after = all.filter(({ postProcessing }) => isSet(postProcessing))
  if (before.length + after.length === 0) return undefined
  return (message, ctx) => {
    const hookCtx = new ThreadHookContext(ctx, groupId)
    for (const hooks of before) {
      const told = (error: unknown) => failed('preProcessing', error, message)
      const take = (values: unknown) => Object.assign(ctx.values, checkValues(values))
      askHook(() => hooks.preProcessing!(message, hookCtx), take, told)
    }
    const started = performance.now()
    return (fault) => {
      const durationMs = performance.now() - started
      const how: HandlerEnd = { status: fault === undefined ? 'done' : 'failed', error: fault?.error, durationMs }
      for (const hooks of after) {
        const told = (error: unknown) => failed('postProcessing', error, message)
        tellHook(() => hooks.postProcessing!(message, hookCtx, how), told)
      }
    }
  }
}

/** @returns undefined where there are no hooks: then the processor is run as it is, and its values are decoded before it is called */
export function hookedProcessor(
  processor: Processor<unknown>,
  options: ThreadHooksOptions,
): Processor<unknown> | undefined {
  const around = hooksAround(processor, options)
  if (around === undefined) return undefined
  return {
    ...(processor.format !== undefined && { format: processor.format }),
    ...(processor.retryable !== undefined && { retryable: (error: unknown) => processor.retryable!(error) }),
    process(message, ctx) {
      const ended = around(message, ctx)
      let result: void | Promise<void>
      try {
        // Bytes that do not decode are a failure of the record, which hooks hear of as of any other.
        if (processor.format !== undefined) message.value
        result = processor.process(message, ctx)
        if (typeof result?.then === 'function') return settled(result, ended)
      } catch (error) {
        ended({ error })
        throw error
      }
      ended(undefined)
      return undefined
    },
  }
}

async function settled(result: Promise<void>, ended: (fault: Fault) => void) {
  try {
    await result
  } catch (error) {
    ended({ error })
    throw error
  }
  ended(undefined)
}

class ThreadHookContext implements HookContext {
  readonly groupId: string
  readonly #ctx: ProcessContext

  constructor(ctx: ProcessContext, groupId: string) {
    this.#ctx = ctx
    this.groupId = groupId
  }

  get attempt() {
    return this.#ctx.attempt
  }
  get deadline() {
    return this.#ctx.deadline
  }
  get idempotencyKey() {
    return this.#ctx.idempotencyKey
  }
  get log() {
    return this.#ctx.log
  }
  get signal() {
    return this.#ctx.signal
  }
  get state() {
    return this.#ctx.state
  }
  get values() {
    return this.#ctx.values
  }
  get virtualPartition() {
    return this.#ctx.virtualPartition
  }
}

function isSet(hook: unknown): boolean {
  return hook !== undefined && hook !== null
}
