/**
 * Imports a processor module and finds the processor in it. Runs in worker threads, so it imports nothing heavy.
 */
import { fileURLToPath } from 'node:url'
import { errors } from '../errors.js'
import type { Processor } from '../processor-types.js'

/**
 * @param url what `resolveProcessor` gave.
 * @param source the user's file, for messages; differs from `url` when the processor is compiled.
 * @throws ZK_PROCESSOR_LOAD_FAILED, ZK_PROCESSOR_INVALID
 */
export async function loadProcessor(url: string, source: string = fileURLToPath(url)): Promise<Processor> {
  let namespace: Record<string, unknown>
  try {
    namespace = (await import(url)) as Record<string, unknown>
  } catch (cause) {
    const where = whereOf(cause) || (await whereOfSyntaxError(cause, url))
    throw errors.ZK_PROCESSOR_LOAD_FAILED(source, where, whyOf(cause, url, source), { cause })
  }
  return processorOf(namespace, source)
}

/** @throws ZK_PROCESSOR_INVALID, with what was found instead. */
export function processorOf(namespace: Record<string, unknown>, source: string): Processor {
  const exported = namespace.default
  // A transpiled CommonJS module has its default export one level down.
  const candidates = isObject(exported) ? [exported, exported.default] : []
  const found = candidates.find((candidate) => isObject(candidate) && typeof candidate.process === 'function')
  if (found === undefined) throw errors.ZK_PROCESSOR_INVALID(source, whatIsWrong(namespace))
  const processor = found as Record<string, unknown>
  for (const name of ['setup', 'teardown', 'retryable']) {
    if (processor[name] !== undefined && typeof processor[name] !== 'function') {
      throw errors.ZK_PROCESSOR_INVALID(source, `its ${name} is ${nameKind(processor[name])} and not a function`)
    }
  }
  const { format } = processor
  if (format !== undefined && !(isObject(format) && typeof format.decode === 'function')) {
    const call = typeof format === 'function' ? ' (call it: json())' : ''
    throw errors.ZK_PROCESSOR_INVALID(source, `its format is ${nameKind(format)} and not a format${call}`)
  }
  return found as unknown as Processor
}

function whatIsWrong(namespace: Record<string, unknown>): string {
  const exported = namespace.default
  if (exported === undefined) {
    const names = Object.keys(namespace).filter((name) => name !== 'default')
    if (names.includes('process')) return 'it exports process by name, and has no default export'
    return `it has no default export${names.length === 0 ? '' : `, only ${names.join(', ')}`}`
  }
  if (typeof exported === 'function') {
    const isClass = /^class\b/.test(Function.prototype.toString.call(exported))
    return isClass ? 'its default export is a class and not an instance of it' : 'its default export is a function'
  }
  if (!isObject(exported)) return `its default export is ${nameKind(exported)}`
  if (typeof (exported as { then?: unknown }).then === 'function') return 'its default export is a promise'
  if (exported.process !== undefined) return `its process is ${nameKind(exported.process)} and not a function`
  const names = Object.keys(exported)
  return `its default export has no process function${names.length === 0 ? '' : `, only ${names.join(', ')}`}`
}

/** The place the error comes from, where its stack tells: `/app/processor.js:3`. */
function whereOf(error: unknown): string {
  const stack = stackOf(error)
  // A syntax error's stack begins with its place on a line of its own; Node's frames below it say nothing.
  const own = /^(?<file>(?:file:\/\/|\/|[A-Za-z]:\\).*):(?<line>\d+)$/m.exec(stack.split('\n    at ')[0] ?? '')
  if (own?.groups !== undefined) return `${toPath(own.groups.file ?? '')}:${own.groups.line}`
  for (const frame of stack.split('\n').filter((line) => /^\s+at /.test(line))) {
    const place = /[ (](?<file>(?:file:\/\/|\/|[A-Za-z]:\\)[^()]*?):(?<line>\d+)(?::\d+)?\)?$/.exec(frame)
    if (place?.groups !== undefined) return `${toPath(place.groups.file ?? '')}:${place.groups.line}`
  }
  return ''
}

async function whereOfSyntaxError(error: unknown, url: string): Promise<string> {
  if (!(error instanceof SyntaxError)) return ''
  const { findSyntaxError } = await import('./find-syntax-error.js')
  return await findSyntaxError(url)
}

function whyOf(error: unknown, url: string, source: string): string {
  const message = error instanceof Error ? error.message : `it threw ${String(error)}`
  // Node says which file has the import that failed: for a compiled processor that is no file of the user's.
  return message.replaceAll(url, source).replaceAll(fileURLToPath(url), source)
}

function stackOf(error: unknown): string {
  const stack = isObject(error) ? error.stack : undefined
  return typeof stack === 'string' ? stack : ''
}

function toPath(file: string): string {
  return file.startsWith('file:') ? fileURLToPath(file) : file
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

function nameKind(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'an array'
  return /^[aeiou]/.test(typeof value) ? `an ${typeof value}` : `a ${typeof value}`
}
