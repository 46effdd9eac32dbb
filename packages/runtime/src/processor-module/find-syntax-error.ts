/**
 * The place of a syntax error in an ES module.
 *
 * `import()` rejects with V8's message alone ("Unexpected token '='"): neither file nor line, and in a processor of
 * thirty files that is no help. `node --check` prints both, for one file, without running it. So the module and what
 * it imports by relative paths are checked one after the other. Only ever called after a failed import.
 */
import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { placeOnItsLine } from './place.js'

const MAX_FILES = 50

/** @returns `path:line`, or '' when none of the files has an error of its own. */
export async function findSyntaxError(url: string): Promise<string> {
  const seen = new Set([url])
  for (const file of seen) {
    const place = await check(fileURLToPath(file))
    if (place !== '') return place
    for (const next of await relativeImports(file)) if (seen.size < MAX_FILES) seen.add(next)
  }
  return ''
}

function check(path: string): Promise<string> {
  return new Promise((resolve) => {
    execFile(process.execPath, ['--check', path], (_error, _stdout, stderr) => {
      resolve(placeOnItsLine(stderr))
    })
  })
}

/** By their looks: a path in a comment costs one more check, and nothing else. */
async function relativeImports(url: string): Promise<string[]> {
  const text = await readFile(fileURLToPath(url), 'utf8').catch(() => '')
  const paths = [...text.matchAll(/(?:\bfrom|\bimport)\s*\(?\s*(['"])(\.{1,2}\/[^'"\n]+)\1/g)].map(
    (match) => match[2] ?? '',
  )
  return paths.map((path) => new URL(path, url).href).filter((found) => /\.[cm]?js$/.test(found))
}
