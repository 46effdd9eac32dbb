/**
 * Imports a processor module and finds the processor in it. Runs in worker threads, so it imports nothing heavy.
 */
import { fileURLToPath } from 'node:url'
import { errors } from '../errors.js'
import { THREAD_HOOKS } from '../hooks/hook-names.js'
import type { BatchProcessor, Processor } from '../processor-types.js'
import { errorPlace } from './error-place.js'

/** Takes its messages one by one, or in batches. */
export type AnyProcessor = Processor | BatchProcessor

/**
 * @param url what `resolveProcessor` gave.
 * @param source the user's file, for messages; differs from `url` when the processor is compiled.
 * @throws ZK_PROCESSOR_LOAD_FAILED, ZK_PROCESSOR_INVALID
 */
export async function loadProcessor(url: string, source: string = fileURLToPath(url)): Promise<AnyProcessor> {
  return processorOf(await importModule(url, source), source)
}

/** @throws ZK_PROCESSOR_LOAD_FAILED */
export async function importModule(url: string, source: string): Promise<Record<string, unknown>> {
  try {
    return (await import(url)) as Record<string, unknown>
  } catch (cause) {
    const where = await errorPlace(cause, url)
    throw errors.ZK_PROCESSOR_LOAD_FAILED(source, where, whyOf(cause, url, source), { cause })
  }
}

/** @throws ZK_PROCESSOR_INVALID, with what was found instead. */
export function processorOf(namespace: Record<string, unknown>, source: string): AnyProcessor {
  const exported = namespace.default
  // A transpiled CommonJS module has its default export one level down.
  const candidates = isObject(exported) ? [exported, exported.default] : []
  const found = candidates.find(hasHandler)
  if (found === undefined) throw errors.ZK_PROCESSOR_INVALID(source, whatIsWrong(namespace))
  const processor = found as Record<string, unknown>
  if (typeof processor.process === 'function' && typeof processor.processBatch === 'function') {
    throw errors.ZK_PROCESSOR_INVALID(source, 'it has both process and processBatch, of which it may have one')
  }
  for (const name of ['setup', 'teardown', 'retryable', ...THREAD_HOOKS]) {
    if (processor[name] !== undefined && typeof processor[name] !== 'function') {
      throw errors.ZK_PROCESSOR_INVALID(source, `its ${name} is ${nameKind(processor[name])} and not a function`)
    }
  }
  const { format } = processor
  if (format !== undefined && !(isObject(format) && typeof format.decode === 'function')) {
    const call = typeof format === 'function' ? ' (call it: json())' : ''
    throw errors.ZK_PROCESSOR_INVALID(source, `its format is ${nameKind(format)} and not a format${call}`)
  }
  return found as unknown as AnyProcessor
}

function hasHandler(candidate: unknown): boolean {
  if (!isObject(candidate)) return false
  return typeof candidate.process === 'function' || typeof candidate.processBatch === 'function'
}

function whatIsWrong(namespace: Record<string, unknown>): string {
  const exported = namespace.default
  if (exported === undefined) {
    const names = Object.keys(namespace).filter((name) => name !== 'default')
    const handler = ['process', 'processBatch'].find((name) => names.includes(name))
    if (handler !== undefined) return `it exports ${handler} by name, and has no default export`
    return `it has no default export${names.length === 0 ? '' : `, only ${names.join(', ')}`}`
  }
  if (typeof exported === 'function') {
    const isClass = /^class\b/.test(Function.prototype.toString.call(exported))
    return isClass ? 'its default export is a class and not an instance of it' : 'its default export is a function'
  }
  if (!isObject(exported)) return `its default export is ${nameKind(exported)}`
  if (typeof (exported as { then?: unknown }).then === 'function') return 'its default export is a promise'
  if (exported.process !== undefined) return `its process is ${nameKind(exported.process)} and not a function`
  if (exported.processBatch !== undefined) {
    return `its processBatch is ${nameKind(exported.processBatch)} and not a function`
  }
  const names = Object.keys(exported)
  return `its default export has no process function${names.length === 0 ? '' : `, only ${names.join(', ')}`}`
}

function whyOf(error: unknown, url: string, source: string): string {
  const message = error instanceof Error ? error.message : `it threw ${String(error)}`
  // Node says which file has the import that failed: for a compiled processor that is no file of the user's.
  return message.replaceAll(url, source).replaceAll(fileURLToPath(url), source)
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

function nameKind(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'an array'
  return /^[aeiou]/.test(typeof value) ? `an ${typeof value}` : `a ${typeof value}`
}
