const MAX_BYTES = 64

/** Bytes for people: as text, as `0x…` where they are no text, shortened; null for null. */
export function shownBytes(bytes: Buffer | null, maxBytes = MAX_BYTES): string | null {
  if (bytes === null) return null
  const part = bytes.subarray(0, maxBytes)
  const text = part.toString('utf8')
  const isText = !/[\p{Cc}�]/u.test(text)
  return `${isText ? text : `0x${part.toString('hex')}`}${bytes.length > maxBytes ? '…' : ''}`
}
