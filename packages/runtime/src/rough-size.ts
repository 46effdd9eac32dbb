/** More parts are looked at by nobody's patience: what has so many is large enough to count. */
const MAX_PARTS = 10_000

/**
 * About how many bytes a value will be encoded in, for limits of memory while nothing can encode it yet: texts and Buffers by
 * their length, 8 for each other part.
 */
export function roughSize(value: unknown): number {
  let size = 0
  const left: unknown[] = [value]
  for (let parts = 0; left.length > 0 && parts < MAX_PARTS; parts++) {
    const part = left.pop()
    if (typeof part === 'string') size += part.length
    else if (ArrayBuffer.isView(part)) size += part.byteLength
    else {
      size += 8
      if (typeof part === 'object' && part !== null) left.push(...Object.values(part).slice(0, MAX_PARTS))
    }
  }
  return size
}
