/**
 * The place of a syntax error in an ES module.
 *
 * `import()` rejects with V8's message alone ("Unexpected token '='"): neither file nor line, and in a processor of
 * thirty files that is no help. `node --check` prints both, for one file, without running it. So the module and what
 * it imports by relative paths are checked one after the other. Only ever called after a failed import.
 */
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { placeOnItsLine } from './place.js'
import { sourceFiles } from './source-files.js'

const MAX_FILES = 50

/** @returns `path:line`, or '' when none of the files has an error of its own. */
export async function findSyntaxError(url: string): Promise<string> {
  let left = MAX_FILES
  for await (const file of sourceFiles(fileURLToPath(url))) {
    const place = await check(file)
    if (place !== '' || --left === 0) return place
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
