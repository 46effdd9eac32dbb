/** A record as `postRead` sees it: one copy of its bytes, because the memory of its batch is filled anew. */

import { decodeHeaders, HeaderList, NO_HEADERS } from '../header-list.js'
import type { PackedBatch } from '../kafka/packed-batch.js'
import type { Headers } from '../processor-types.js'
import type { ReadMessage } from './hook-types.js'

export class BatchMessage implements ReadMessage {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly timestamp: number
  readonly #bytes: Buffer
  readonly #keyLength: number
  readonly #valueLength: number
  #headers: Headers | undefined

  constructor(topic: string, partition: number, batch: PackedBatch, index: number) {
    const start = batch.positions[index]!
    this.topic = topic
    this.partition = partition
    this.offset = batch.offsets[index]!
    this.timestamp = batch.timestamps[index]!
    this.#bytes = Buffer.from(batch.bytes.subarray(start, start + batch.sizes[index]!))
    this.#keyLength = batch.keyLengths[index]!
    this.#valueLength = batch.valueLengths[index]!
  }

  get key(): Buffer | null {
    return this.#keyLength < 0 ? null : this.#bytes.subarray(0, this.#keyLength)
  }

  get rawValue(): Buffer | null {
    const start = Math.max(0, this.#keyLength)
    return this.#valueLength < 0 ? null : this.#bytes.subarray(start, start + this.#valueLength)
  }

  get headers(): Headers {
    const start = Math.max(0, this.#keyLength) + Math.max(0, this.#valueLength)
    if (start === this.#bytes.length) return NO_HEADERS
    this.#headers ??= new HeaderList(decodeHeaders(this.#bytes.subarray(start)))
    return this.#headers
  }
}
