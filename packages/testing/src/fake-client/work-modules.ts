/** The user's modules of a fake work, set up: loaded into this thread, as a worker thread of the runtime loads them. */
import { errors, hookedProcessor } from '@zk/runtime/internal'
import {
  loadHooks,
  loadProcessor,
  processorOf,
  type ResolvedProcessor,
  type RunContext,
} from '@zk/runtime/internal/fake-client'
import type { BatchProcessor, Processor, ThreadHooks } from '@zk/runtime/processor'
import { oneByOne } from '../delivery/one-by-one.js'

/** Gives the processor in the place of its module: `config.processor`. */
export type LoadProcessor = (module: URL | string) => AnyProcessor | Promise<AnyProcessor>
// biome-ignore lint/suspicious/noExplicitAny: whatever its values, options and state are
type AnyProcessor = Processor<any, any, any> | BatchProcessor<any, any, any>

export interface WorkModules {
  readonly processor: Processor<unknown, never>
  readonly hooks: ThreadHooks | undefined
  /** What `setup` returned. */
  readonly state: unknown
}

/** @throws ZkError ZK_PROCESSOR_LOAD_FAILED, ZK_PROCESSOR_INVALID, ZK_HOOKS_INVALID, ZK_PROCESSOR_SETUP_FAILED */
export async function setUp(
  { config, logger }: RunContext,
  resolved: ResolvedProcessor,
  load: LoadProcessor | undefined,
): Promise<WorkModules> {
  const { url, source } = resolved
  const processor = await (load === undefined
    ? loadProcessor(url, source)
    : Promise.resolve(load(config.processor)).then((one) => processorOf({ default: one }, source)))
  const hooks = resolved.hooks === undefined ? undefined : await loadHooks(resolved.hooks.url, resolved.hooks.source)
  try {
    const options = structuredClone(config.processorOptions)
    const state = await processor.setup?.({ index: 0, options, log: logger })
    const single =
      processor.processBatch === undefined ? processor : oneByOne(processor as BatchProcessor<unknown, never>)
    return { processor: single as Processor<unknown, never>, hooks, state }
  } catch (error) {
    throw errors.ZK_PROCESSOR_SETUP_FAILED(0, (error as Error)?.message ?? String(error), { cause: error })
  }
}

export async function tearDown({ processor }: WorkModules, { logger }: RunContext): Promise<void> {
  try {
    await processor.teardown?.()
  } catch (err) {
    logger.warn({ err }, 'teardown() of the processor failed')
  }
}

/** @returns undefined where there are none */
export function withHooks(
  { processor, hooks }: WorkModules,
  groupId: string,
  failed: (hook: 'preProcessing' | 'postProcessing', error: unknown) => void,
): Processor<unknown> | undefined {
  return hookedProcessor(processor as Processor<unknown>, { module: hooks, groupId, failed })
}
