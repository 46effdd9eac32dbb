/**
 * What is finished above a committed offset, as the text that travels with the commit, so that the next owner of the
 * partition does not run it again.
 *
 * `zk1:` and base64url of LEB128 numbers: the distances from the committed offset to the first bound, from there to the
 * second, and so on. Text that begins otherwise was written by somebody else and says nothing to us.
 */
const PREFIX = 'zk1:'

/** `offset.metadata.max.bytes` of a broker, by default. */
export const MAX_METADATA_BYTES = 4_096

/** Of a safe integer as LEB128: 53 bits, seven a byte. */
const MAX_NUMBER_BYTES = 8

/**
 * @param finished flat ranges `[from, to, from, to, …]` above `offset`, ascending
 * @param maxBytes the highest ranges that do not fit are left out: they will be run again
 * @returns '' when there is nothing to tell
 */
export function encodeFinished(offset: number, finished: readonly number[], maxBytes = MAX_METADATA_BYTES): string {
  const room = Math.floor(((maxBytes - PREFIX.length) * 3) / 4)
  // The range that does not fit any more is written behind the room.
  const bytes = Buffer.allocUnsafe(room + 2 * MAX_NUMBER_BYTES)
  let size = 0
  let before = offset
  for (let i = 0; i + 1 < finished.length; i += 2) {
    const middle = putLeb128(bytes, size, finished[i]! - before)
    const end = putLeb128(bytes, middle, finished[i + 1]! - finished[i]!)
    if (end > room) break
    size = end
    before = finished[i + 1]!
  }
  return size === 0 ? '' : PREFIX + bytes.toString('base64url', 0, size)
}

/** @returns the ranges; undefined when the text is not ours, or damaged */
export function decodeFinished(offset: number, metadata: string | null): number[] | undefined {
  if (metadata === null || !metadata.startsWith(PREFIX)) return undefined
  const finished: number[] = []
  let [bound, value, scale] = [offset, 0, 1]
  for (const byte of Buffer.from(metadata.slice(PREFIX.length), 'base64url')) {
    value += (byte & 0x7f) * scale
    scale *= 128
    if (byte >= 0x80) continue
    bound += value
    // Ranges hold something and do not touch; only the first may begin at the offset itself.
    if ((value === 0 && finished.length > 0) || !Number.isSafeInteger(bound)) return undefined
    finished.push(bound)
    ;[value, scale] = [0, 1]
  }
  return scale === 1 && finished.length % 2 === 0 ? finished : undefined
}

/** @returns where the next number begins */
function putLeb128(bytes: Buffer, at: number, value: number): number {
  let rest = value
  let end = at
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes[end++] = (rest % 0x80) | 0x80
  bytes[end++] = rest
  return end
}
