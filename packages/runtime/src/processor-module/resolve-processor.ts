/**
 * What the threads are to import for a processor. Runs on the main thread, and never imports the processor there.
 */
import { pathToFileURL } from 'node:url'
import { compileTypeScript } from './compile-typescript.js'
import { keepCompiled } from './compiled-files.js'
import { findModule } from './find-module.js'
import { sourceFiles } from './source-files.js'

export interface ResolvedProcessor {
  /** `file:` URL for the thread's import. It changes with the content when the processor is compiled. */
  url: string
  /** The user's file. */
  source: string
  compiled: boolean
  /** Files whose change changes the processor, the source first, then what it imports by relative paths. */
  watch(): Promise<readonly string[]>
  /** What the compiler found odd, as `file:line:column: text`. */
  warnings: string[]
  /** The hooks module that goes with it. */
  hooks?: Pick<ResolvedProcessor, 'url' | 'source'>
}

export interface ResolveOptions {
  /** Relative paths start here. */
  cwd: string
  /**
   * Where compiled processors are kept. Default `node_modules/.cache/zk` of the nearest package. A folder outside of
   * that package works only for processors without package imports: Node looks for packages from the compiled file.
   */
  cacheDir?: string
}

/** @throws ZK_PROCESSOR_NOT_FOUND, ZK_TYPESCRIPT_UNAVAILABLE, ZK_TYPESCRIPT_FAILED, ZK_TYPESCRIPT_NOT_WRITABLE */
export async function resolveProcessor(processor: URL | string, options: ResolveOptions): Promise<ResolvedProcessor> {
  const { path: source, language } = findModule(processor, options.cwd)
  if (language === 'javascript') {
    return {
      url: pathToFileURL(source).href,
      source,
      compiled: false,
      watch: () => all(sourceFiles(source)),
      warnings: [],
    }
  }
  const { code, inputs, warnings } = await compileTypeScript(source)
  const file = await keepCompiled(source, code, options.cacheDir)
  return { url: pathToFileURL(file).href, source, compiled: true, watch: async () => inputs, warnings }
}

/** The processor with the hooks module, if there is one: what is watched, and what was found odd, is of both. @throws as above */
export async function resolveWithHooks(
  processor: URL | string,
  hooksModule: URL | string | undefined,
  options: ResolveOptions,
): Promise<ResolvedProcessor> {
  const resolved = await resolveProcessor(processor, options)
  if (hooksModule === undefined) return resolved
  const hooks = await resolveProcessor(hooksModule, options)
  return {
    ...resolved,
    hooks,
    warnings: [...resolved.warnings, ...hooks.warnings],
    watch: async () => [...(await resolved.watch()), ...(await hooks.watch())],
  }
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = []
  for await (const item of items) list.push(item)
  return list
}
