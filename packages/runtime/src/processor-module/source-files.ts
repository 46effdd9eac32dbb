/** The files a JavaScript module is made of, as far as their text tells. */
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'

const SOURCE = /\.[cm]?js$/

/** The file, then what it imports or requires by relative paths, and what those do; each once. */
export async function* sourceFiles(entry: string): AsyncGenerator<string> {
  const files = new Set([entry])
  for (const file of files) {
    yield file
    for (const next of await relativeImports(file)) files.add(next)
  }
}

/** By their looks: a path in a comment costs one more file, and nothing else. */
async function relativeImports(file: string): Promise<string[]> {
  const text = await readFile(file, 'utf8').catch(() => '')
  const paths = [...text.matchAll(/\b(?:from|import|require)\s*\(?\s*(['"])(\.{1,2}\/[^'"\n]+)\1/g)].map(
    (match) => match[2] ?? '',
  )
  const { resolve } = createRequire(file)
  return paths.flatMap((path) => {
    try {
      return [resolve(path)].filter((found) => SOURCE.test(found))
    } catch {
      return []
    }
  })
}
