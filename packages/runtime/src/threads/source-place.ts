/** A place in a loaded script as a place in its source, by its source map: what Node does for the stacks of its own thread. */
import { readFileSync } from 'node:fs'
import { SourceMap } from 'node:module'
import { fileURLToPath } from 'node:url'

/** Numbers from 0. */
export interface ScriptPlace {
  url: string
  line: number
  column: number
}

const INLINE = /^data:application\/json[^,]*;base64,/

/**
 * @param sourceMapUrl as the script names it, if it does
 * @returns path, line and column, from 1, as in a stack
 */
export function sourcePlace(place: ScriptPlace, sourceMapUrl: string | undefined): string {
  const { url, line, column } = originalPlace(place, sourceMapUrl) ?? place
  return `${pathOf(url)}:${line + 1}:${column + 1}`
}

function pathOf(url: string): string {
  try {
    return fileURLToPath(url)
  } catch {
    // Another protocol, or a source map with a URL that is no path here.
    return url
  }
}

/** Best effort: a map that cannot be read is none. */
function originalPlace({ url, line, column }: ScriptPlace, sourceMapUrl: string | undefined): ScriptPlace | undefined {
  if (sourceMapUrl === undefined || sourceMapUrl === '') return undefined
  try {
    const isInline = INLINE.test(sourceMapUrl)
    const base = isInline ? url : new URL(sourceMapUrl, url).href
    const text = isInline
      ? Buffer.from(sourceMapUrl.replace(INLINE, ''), 'base64').toString()
      : readFileSync(fileURLToPath(base), 'utf8')
    const entry = new SourceMap(JSON.parse(text)).findEntry(line, column)
    if (!('originalSource' in entry)) return undefined
    const { originalSource, originalLine, originalColumn } = entry
    return { url: new URL(originalSource, base).href, line: originalLine, column: originalColumn }
  } catch {
    return undefined
  }
}
