/** The results of earlier runs, a file of JSON lines each: the header of a suite, then its results. Not for the repository. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Measured } from './compare.js'
import { conditions, type Header } from './header.js'
import { UsageError } from './usage.js'

export const HISTORY = fileURLToPath(new URL('../history/', import.meta.url))

export function save(lines: readonly object[], folder: string, at: Date): void {
  mkdirSync(folder, { recursive: true })
  // The names sort by time.
  const file = join(folder, `${at.toISOString().replaceAll(':', '-')}.jsonl`)
  writeFileSync(file, lines.map((line) => `${JSON.stringify(line)}\n`).join(''))
}

/**
 * @param source `last`: of each case the latest results in the folder, one for all conditions under which it was measured; else a
 *   file that `--json` wrote.
 * @throws UsageError that names the file, and the line where one is no JSON
 */
export function earlierResults(source: string, folder: string): Measured[] {
  if (source !== 'last') return resultsIn(source)
  const latest = new Map<string, Measured>()
  for (const file of filesIn(folder)) {
    for (const result of resultsIn(join(folder, file))) {
      const { suite, case: name, unit, header } = result
      const key = JSON.stringify([suite, name, unit, header && conditions(header)])
      // Behind those of earlier runs, also where it takes the place of one of them.
      latest.delete(key)
      latest.set(key, result)
    }
  }
  return [...latest.values()]
}

function filesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => name.endsWith('.jsonl'))
      .sort()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}

/** Lines that are neither a header nor a result are passed over: what other programs print before a script. */
function resultsIn(file: string): Measured[] {
  let last: Header | undefined
  return textOf(file)
    .split('\n')
    .flatMap((line, i) => {
      if (!line.startsWith('{')) return []
      const given = parsed(line, `${file}, line ${i + 1}`) as Measured | { header: Header }
      if ('suite' in given) return [{ ...given, header: last?.suite === given.suite ? last : undefined }]
      last = given.header
      return []
    })
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new UsageError((error as Error).message)
  }
}

function parsed(line: string, place: string): unknown {
  try {
    return JSON.parse(line)
  } catch (error) {
    throw new UsageError(`${place}: ${(error as Error).message}`)
  }
}
