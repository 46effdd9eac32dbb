/** Where a value is read from or written to. */
export interface FormatPlace {
  readonly topic: string
  readonly part: 'key' | 'value'
}

/**
 * How the values of a topic are read and written. A format of a name and two functions is a whole format.
 *
 * Synchronous: a format runs once for each record in a worker thread. A tombstone (a record whose value is null)
 * is never given to a format: its value is null whatever the format.
 */
export interface Format<V> {
  /** Appears in errors and logs, such as `json`. */
  readonly name: string
  /** @throws FormatError `ZK_DECODE_FAILED`. The bytes belong to the caller and are not changed. */
  decode(bytes: Uint8Array, place?: FormatPlace): V
  /** @throws FormatError `ZK_ENCODE_FAILED` */
  encode(value: V, place?: FormatPlace): Buffer
  /**
   * What `decode` needs and does not have yet, such as the schema that the bytes name. Undefined, and no promise, when `decode`
   * may be called at once; otherwise a promise after which it may. It rejects with an error: `retryable: true` on it (a registry
   * that is down) means that the record waits and is tried again without being charged an attempt; anything else fails it.
   */
  prepareDecode?(bytes: Uint8Array, place: FormatPlace): Promise<void> | undefined
  /** The same for `encode`: the id of the schema that the place's subject has. */
  prepareEncode?(place: FormatPlace): Promise<void> | undefined
}
