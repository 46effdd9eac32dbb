/** The place that the error of an import comes from: `/app/processor.js:3`, or '' where nothing tells. */
import { placeOfFrame, placeOnItsLine } from './place.js'

export async function errorPlace(error: unknown, url: string): Promise<string> {
  return placeInStack(error) || (error instanceof SyntaxError ? await syntaxErrorPlace(url) : '')
}

function placeInStack(error: unknown): string {
  const { stack } = (error ?? {}) as { stack?: unknown }
  if (typeof stack !== 'string') return ''
  // A syntax error's stack begins with its place on a line of its own; Node's frames below it say nothing.
  const own = placeOnItsLine(stack.split('\n    at ')[0] ?? '')
  if (own !== '') return own
  const frames = stack.split('\n').filter((line) => /^\s+at /.test(line))
  return frames.map(placeOfFrame).find((place) => place !== '') ?? ''
}

async function syntaxErrorPlace(url: string): Promise<string> {
  const { findSyntaxError } = await import('./find-syntax-error.js')
  return await findSyntaxError(url)
}
