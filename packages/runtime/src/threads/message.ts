/**
 * A record as a handler sees it. Everything is made on first access, as a private copy, so that a handler that reads
 * nothing pays nothing and one that changes or transfers a Buffer harms nobody.
 */
// The global of the same name is a getter, which every record would pay for.
import { Buffer } from 'node:buffer'
import type { TopicPartition } from '@zk/engine'
import type { Format } from '@zk/formats'
import { decodeHeaders, HeaderList, NO_HEADERS } from '../header-list.js'
import type { Headers, Message } from '../processor-types.js'
import type { Frame } from './frame.js'

export class FrameMessage<V> implements Message<V> {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly #frame: Frame
  readonly #i: number
  readonly #format: Pick<Format<V>, 'decode'> | undefined
  #key: Buffer | null | undefined
  #rawValue: Buffer | null | undefined
  #value: V | null | undefined
  #headers: Headers | undefined

  constructor(
    frame: Frame,
    i: number,
    { topic, partition }: TopicPartition,
    format: Pick<Format<V>, 'decode'> | undefined,
  ) {
    this.topic = topic
    this.partition = partition
    this.offset = frame.offset(i)
    this.#frame = frame
    this.#i = i
    this.#format = format
  }

  /** What `postRead` gave the record, serialized: for the context, not for users. */
  static valuesOf(message: FrameMessage<unknown>): Uint8Array | undefined {
    return message.#frame.valuesOf(message.#i)
  }

  get timestamp(): number {
    return this.#frame.timestamp(this.#i)
  }

  get key(): Buffer | null {
    if (this.#key === undefined) {
      const length = this.#frame.keyLength(this.#i)
      this.#key = length < 0 ? null : this.#copy(this.#frame.position(this.#i), length)
    }
    return this.#key
  }

  get rawValue(): Buffer | null {
    if (this.#rawValue === undefined) {
      const length = this.#frame.valueLength(this.#i)
      const start = this.#frame.position(this.#i) + Math.max(0, this.#frame.keyLength(this.#i))
      this.#rawValue = length < 0 ? null : this.#copy(start, length)
    }
    return this.#rawValue
  }

  get value(): V | null {
    if (this.#value === undefined) {
      const raw = this.rawValue
      // Without a format V is Buffer, by the types of Processor.
      this.#value = raw === null ? null : this.#format === undefined ? (raw as V) : this.#format.decode(raw)
    }
    return this.#value
  }

  get headers(): Headers {
    if (this.#headers === undefined) {
      const length = this.#frame.headersLength(this.#i)
      const values = Math.max(0, this.#frame.keyLength(this.#i)) + Math.max(0, this.#frame.valueLength(this.#i))
      const start = this.#frame.position(this.#i) + values
      this.#headers =
        length === 0 ? NO_HEADERS : new HeaderList(decodeHeaders(Buffer.from(this.#frame.buffer, start, length)))
    }
    return this.#headers
  }

  #copy(start: number, length: number): Buffer {
    const copy = Buffer.allocUnsafe(length)
    // As `Buffer.copy` does, which looks at all that might be given to it before.
    copy.set(new Uint8Array(this.#frame.buffer, start, length))
    return copy
  }
}
