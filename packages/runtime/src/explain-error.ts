import { errorPages } from './generated/error-pages.js'

/** The section of docs/errors.md about a code, as Markdown; undefined for a code that does not exist. */
export function explainError(code: string): string | undefined {
  return Object.hasOwn(errorPages, code) ? errorPages[code] : undefined
}
