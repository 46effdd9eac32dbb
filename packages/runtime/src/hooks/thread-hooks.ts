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

/** @returns undefined where there are no hooks: then the processor is run as it is, and its values are decoded before it is called */
export function hookedProcessor(
  processor: Processor<unknown>,
  options: ThreadHooksOptions,
): Processor<unknown> | undefined {
  const all = [options.module, processor].filter((one) => one !== undefined)
  const before = all.filter(({ preProcessing }) => isSet(preProcessing))
  const after = all.filter(({ postProcessing }) => isSet(postProcessing))
  if (before.length + after.length === 0) return undefined
  const { groupId, failed } = options

  function begin(message: Message<unknown>, ctx: ProcessContext, hookCtx: HookContext): void {
    for (const hooks of before) {
      const told = (error: unknown) => failed('preProcessing', error, message)
      const take = (values: unknown) => Object.assign(ctx.values, checkValues(values))
      askHook(() => hooks.preProcessing!(message, hookCtx), take, told)
    }
  }

  function end(message: Message<unknown>, hookCtx: HookContext, how: HandlerEnd): void {
    for (const hooks of after) {
      const told = (error: unknown) => failed('postProcessing', error, message)
      tellHook(() => hooks.postProcessing!(message, hookCtx, how), told)
    }
  }

  return {
    ...(processor.format !== undefined && { format: processor.format }),
    ...(processor.retryable !== undefined && { retryable: (error: unknown) => processor.retryable!(error) }),
    process(message, ctx) {
      const hookCtx = new ThreadHookContext(ctx, groupId)
      begin(message, ctx, hookCtx)
      const started = performance.now()
      const ended = (status: HandlerEnd['status'], error?: unknown) =>
        end(message, hookCtx, { status, error, durationMs: performance.now() - started })
      let result: void | Promise<void>
      try {
        // Bytes that do not decode are a failure of the record, which hooks hear of as of any other.
        if (processor.format !== undefined) message.value
        result = processor.process(message, ctx)
        if (typeof result?.then === 'function') return settled(result, ended)
      } catch (error) {
        ended('failed', error)
        throw error
      }
      ended('done')
      return undefined
    },
  }
}

async function settled(result: Promise<void>, ended: (status: HandlerEnd['status'], error?: unknown) => void) {
  try {
    await result
  } catch (error) {
    ended('failed', error)
    throw error
  }
  ended('done')
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
