/** A message in the hands of somebody who reads. */
import type { Format } from '@zk/formats'
import { HeaderList } from '../header-list.js'
import type { Headers, Message } from '../processor-types.js'
import type { ReceivedRecord } from './inbox.js'

export class ReaderMessage<V> implements Message<V> {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly timestamp: number
  readonly key: Buffer | null
  readonly rawValue: Buffer | null
  readonly headers: Headers
  readonly #format: Format<V> | undefined
  readonly #done: () => void
  #value: { is: V | null } | undefined
  #undecodable: Error | undefined

  constructor(record: ReceivedRecord, format: Format<V> | undefined, done: () => void) {
    const { topic, partition } = record.assignment
    this.topic = topic
    this.partition = partition
    this.offset = record.offset
    this.timestamp = record.timestamp
    this.key = record.key
    this.rawValue = record.value
    // Decoded for this message alone.
    this.headers = new HeaderList(record.headers as [name: string, value: Buffer | null][])
    this.#format = format
    this.#done = done
  }

  /**
   * Decoded at the first access.
   * @throws FormatError ZK_DECODE_FAILED, each time: `rawValue` has the bytes, and `done` passes over them
   */
  get value(): V | null {
    if (this.#undecodable !== undefined) throw this.#undecodable
    this.#value ??= { is: this.#decoded() }
    return this.#value.is
  }

  /**
   * The message is dealt with: it may be committed, once all before it in its partition are done too. Idempotent; without
   * effect when its partition is another member's by now.
   */
  done(): void {
    this.#done()
  }

  /** What the format needs cannot be had: `value` throws this. */
  fail(error: Error): void {
    this.#undecodable = error
  }

  #decoded(): V | null {
    const raw = this.rawValue
    if (raw === null) return null
    // Without a format V is Buffer, by the types of `client.reader`.
    if (this.#format === undefined) return raw as V
    return this.#format.decode(raw, { topic: this.topic, part: 'value' })
  }
}
