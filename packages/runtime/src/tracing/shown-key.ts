import { isUtf8 } from 'node:buffer'

/** A longer key would be most of its span. */
const MAX_BYTES = 256

/** @returns the key as text; undefined where it has none that is unambiguous, or is long */
export function shownKey(key: unknown): string | undefined {
  if (typeof key === 'string') return key.length > MAX_BYTES ? undefined : key
  if (!(key instanceof Uint8Array) || key.length > MAX_BYTES || !isUtf8(key)) return undefined
  const text = Buffer.from(key.buffer, key.byteOffset, key.length).toString()
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they say that the key is bytes and no text.
  return /[\0-\x1f\x7f]/.test(text) ? undefined : text
}
