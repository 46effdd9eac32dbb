/**
 * Where compiled processors are kept: in files named by their content, so that a thread started later loads the very
 * code that the first one did, and two processes that compile the same processor write the same file.
 *
 * The place must be below the package of the source, or Node would not find the packages that the code imports.
 */
import { createHash, randomUUID } from 'node:crypto'
import { access, mkdir, readdir, rename, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { errors } from '../errors.js'
import { packageRoot } from './package-root.js'

/** A process may start threads from its compiled file for as long as it runs, so age is counted from the last start. */
const KEEP_MS = 30 * 24 * 60 * 60 * 1000
const COMPILED = /^\.?[^/]+\.zk-[0-9a-f]{16}\.mjs$/

/**
 * @returns the path of the file that holds `code`.
 * @throws ZK_TYPESCRIPT_NOT_WRITABLE when neither the cache nor the folder of the source can be written.
 */
export async function keepCompiled(source: string, code: string, cacheDir?: string): Promise<string> {
  const name = `${basename(source)}.zk-${createHash('sha256').update(code).digest('hex').slice(0, 16)}.mjs`
  const root = packageRoot(dirname(source))
  const cache = cacheDir ?? (root === undefined ? undefined : join(root, 'node_modules', '.cache', 'zk'))
  const places = [...(cache === undefined ? [] : [join(cache, name)]), join(dirname(source), `.${name}`)]
  const failures: unknown[] = []
  for (const path of places) {
    try {
      await write(path, code)
      await prune(dirname(path))
      return path
    } catch (error) {
      failures.push(error)
    }
  }
  throw errors.ZK_TYPESCRIPT_NOT_WRITABLE(source, places.map(dirname), { cause: failures[0] })
}

async function write(path: string, code: string): Promise<void> {
  if (await touch(path)) return
  await mkdir(dirname(path), { recursive: true })
  // Renamed into place: another process may be importing the same file at this moment.
  const partial = `${path}.${randomUUID()}`
  try {
    await writeFile(partial, code)
    await rename(partial, path)
  } catch (error) {
    await rm(partial, { force: true })
    throw error
  }
}

/** @returns whether the file exists. */
async function touch(path: string): Promise<boolean> {
  try {
    await access(path)
  } catch {
    return false
  }
  // Its age only matters to pruning, and in a folder that cannot be written nothing is pruned.
  await utimes(path, new Date(), new Date()).catch(() => {})
  return true
}

/** Best effort: a file that cannot be removed now is removed another time. */
async function prune(folder: string): Promise<void> {
  const oldest = Date.now() - KEEP_MS
  for (const name of await readdir(folder)) {
    if (!COMPILED.test(name)) continue
    const path = join(folder, name)
    const modified = await stat(path).then(
      (stats) => stats.mtimeMs,
      () => Number.POSITIVE_INFINITY,
    )
    if (modified < oldest) await rm(path, { force: true }).catch(() => {})
  }
}
