import type { PackedBatch } from '../kafka/packed-batch.js'

const MAX_BYTES = 64

/** A record's key for people: as text, as `0x…` where it is no text, shortened; null for a null key. */
export function previewKey(batch: PackedBatch, index: number): string | null {
  const length = batch.keyLengths[index]!
  if (length < 0) return null
  const start = batch.positions[index]!
  const shown = Buffer.from(batch.bytes.subarray(start, start + Math.min(length, MAX_BYTES)))
  const text = shown.toString('utf8')
  const isText = !/[\p{Cc}\ufffd]/u.test(text)
  return `${isText ? text : `0x${shown.toString('hex')}`}${length > MAX_BYTES ? '…' : ''}`
}
