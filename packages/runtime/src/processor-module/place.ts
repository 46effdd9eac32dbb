/** Places of errors, as `/app/processor.js:3`, from what V8 and Node print. */
import { fileURLToPath } from 'node:url'

/** A place that has a line to itself, as Node prints it above a syntax error; '' where there is none. */
export function placeOnItsLine(text: string): string {
  return placeOf(/^(?<file>(?:file:\/\/|\/|[A-Za-z]:\\).*):(?<line>\d+)$/m.exec(text))
}

/** The place of a frame of a stack, as in `at main (file:///app/processor.js:3:14)`; '' where it has none. */
export function placeOfFrame(frame: string): string {
  return placeOf(/[ (](?<file>(?:file:\/\/|\/|[A-Za-z]:\\)[^()]*?):(?<line>\d+)(?::\d+)?\)?$/.exec(frame))
}

function placeOf(match: RegExpExecArray | null): string {
  const { file = '', line } = match?.groups ?? {}
  if (line === undefined) return ''
  return `${file.startsWith('file:') ? fileURLToPath(file) : file}:${line}`
}
