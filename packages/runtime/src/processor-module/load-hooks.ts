/** Imports a hooks module (`hooksModule`). Runs in worker threads, so it imports nothing heavy. */
import { didYouMean } from '@zk/formats/internal'
import { errors } from '../errors.js'
import { HOOKS, isThreadHook, MAIN_HOOKS, THREAD_HOOKS } from '../hooks/hook-names.js'
import type { ThreadHooks } from '../hooks/hook-types.js'
import { importModule } from './load-processor.js'

/**
 * @param url what `resolveProcessor` gave.
 * @param source the user's file, for messages.
 * @throws ZK_PROCESSOR_LOAD_FAILED, ZK_HOOKS_INVALID
 */
export async function loadHooks(url: string, source: string): Promise<ThreadHooks> {
  return hooksOf(await importModule(url, source), source)
}

/** @throws ZK_HOOKS_INVALID, with what was found instead. */
export function hooksOf(namespace: Record<string, unknown>, source: string): ThreadHooks {
  const exported = namespace.default
  // A transpiled CommonJS module has its default export one level down.
  const candidates = isObject(exported) ? [exported, exported.default] : []
  const found = candidates.find((one) => isObject(one) && HOOKS.some((name) => one[name] !== undefined)) as
    | Record<string, unknown>
    | undefined
  if (found === undefined) {
    throw errors.ZK_HOOKS_INVALID(source, 'its default export is no object with preProcessing or postProcessing')
  }
  const misplaced = MAIN_HOOKS.find((name) => found[name] !== undefined)
  if (misplaced !== undefined) {
    throw errors.ZK_HOOKS_INVALID(source, `${misplaced} runs on the main thread and belongs in hooks`)
  }
  // Other members are the module's own business; one that looks like a hook would silently never be called.
  for (const name of Object.keys(found)) {
    const meant = isThreadHook(name) ? undefined : didYouMean(name, THREAD_HOOKS)
    if (meant !== undefined) throw errors.ZK_HOOKS_INVALID(source, `its ${name} is not a hook; did you mean ${meant}?`)
  }
  for (const name of THREAD_HOOKS) {
    if (found[name] !== undefined && typeof found[name] !== 'function') {
      throw errors.ZK_HOOKS_INVALID(source, `its ${name} is no function`)
    }
  }
  return found as ThreadHooks
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}
