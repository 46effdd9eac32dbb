/** A record copied out of the block it was read in, which is filled anew once its records have ended. */

import { decodeHeaders } from '../header-list.js'
import type { PackedBatch } from '../kafka/packed-batch.js'

export interface CopiedRecord {
  readonly key: Buffer | null
  readonly value: Buffer | null
  /** In the producer's order. */
  readonly headers: readonly (readonly [name: string, value: Buffer | null])[]
  /** Milliseconds since 1970; −1: none. */
  readonly timestamp: number
  /** 0 none, 1 the producer's, 2 the broker's. */
  readonly timestampType: number
}

/** Bits 0 and 1 of a record's flags. */
const TIMESTAMP_TYPE = 3

export function copyRecord(batch: PackedBatch, i: number): CopiedRecord {
  const keyLength = batch.keyLengths[i]!
  const valueLength = batch.valueLengths[i]!
  const headersLength = batch.headersLengths[i]!
  let at = batch.positions[i]!
  const copy = (length: number): Buffer | null => {
    if (length < 0) return null
    at += length
    return Buffer.from(batch.bytes.subarray(at - length, at))
  }
  const key = copy(keyLength)
  const value = copy(valueLength)
  const headers = headersLength === 0 ? [] : decodeHeaders(copy(headersLength)!)
  return { key, value, headers, timestamp: batch.timestamps[i]!, timestampType: batch.flags[i]! & TIMESTAMP_TYPE }
}
