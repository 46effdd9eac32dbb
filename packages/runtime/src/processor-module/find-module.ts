/**
 * From what the user gave (a URL, or a path relative to the working directory) to the file to load.
 *
 * One processor has two paths in its life: `processor.ts` while it is written, `processor.js` once it is built. The
 * code that names it is often the same, so where the one is missing beside the other, the other is taken.
 */
import { realpathSync, statSync } from 'node:fs'
import { extname, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { errors } from '../errors.js'

/** What stands in for a file that is missing, by its extension. */
const twins: Readonly<Record<string, string>> = {
  '.js': '.ts',
  '.mjs': '.mts',
  '.cjs': '.cts',
  '.ts': '.js',
  '.mts': '.mjs',
  '.cts': '.cjs',
}
const javaScript = new Set(['.js', '.mjs', '.cjs'])
const typeScript = new Set(['.ts', '.mts', '.cts'])

export interface FoundModule {
  /** Absolute, links resolved: what Node would take as the module's own place. */
  path: string
  language: 'javascript' | 'typescript'
}

/** @throws ZK_PROCESSOR_NOT_FOUND */
export function findModule(processor: URL | string, cwd: string): FoundModule {
  const path = toPath(processor, cwd)
  const extension = extname(path)
  if (isFile(path)) {
    if (javaScript.has(extension)) return { path: realpathSync(path), language: 'javascript' }
    if (typeScript.has(extension)) return { path: realpathSync(path), language: 'typescript' }
    throw errors.ZK_PROCESSOR_NOT_FOUND(path, `"${extension}" is not .js, .mjs, .cjs, .ts, .mts or .cts`)
  }
  const twin = twins[extension]
  if (twin !== undefined) {
    const other = path.slice(0, -extension.length) + twin
    if (isFile(other)) {
      return { path: realpathSync(other), language: typeScript.has(twin) ? 'typescript' : 'javascript' }
    }
  }
  throw errors.ZK_PROCESSOR_NOT_FOUND(
    path,
    isFolder(path) ? 'it is a folder' : `there is no such file${hint(path, twin)}`,
  )
}

function hint(path: string, twin: string | undefined): string {
  if (twin !== undefined) return `, and no ${twin} file beside it`
  const near = Object.keys(twins).find((candidate) => isFile(path + candidate))
  return near === undefined ? '' : ` (there is one with the extension ${near})`
}

function toPath(processor: URL | string, cwd: string): string {
  // A Windows path (C:\…) is no URL; every URL that a module could have has at least two letters before the colon.
  const isUrl = typeof processor !== 'string' || /^[a-z][a-z\d+.-]+:/i.test(processor)
  if (!isUrl) return resolve(cwd, processor as string)
  try {
    return fileURLToPath(processor)
  } catch (cause) {
    throw errors.ZK_PROCESSOR_NOT_FOUND(String(processor), 'only file: URLs and paths can be loaded', { cause })
  }
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false
}
