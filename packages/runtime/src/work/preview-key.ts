import { shownBytes } from '../delivery/shown-bytes.js'
import type { PackedBatch } from '../kafka/packed-batch.js'

/** A record's key for people: as text, as `0x…` where it is no text, shortened; null for a null key. */
export function previewKey(batch: PackedBatch, index: number): string | null {
  const length = batch.keyLengths[index]!
  if (length < 0) return null
  const start = batch.positions[index]!
  return shownBytes(Buffer.from(batch.bytes.buffer, batch.bytes.byteOffset + start, length))
}
