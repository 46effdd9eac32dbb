/**
 * How the values of a topic are read and written.
 *
 * Synchronous: a format runs once for each record in a worker thread. A tombstone (a record whose value is null)
 * is never given to a format: its value is null whatever the format.
 */
export interface Format<V> {
  /** Appears in errors and logs, such as `json`. */
  readonly name: string
  /** @throws FormatError `ZK_DECODE_FAILED`. The bytes belong to the caller and are not changed. */
  decode(bytes: Uint8Array): V
  /** @throws FormatError `ZK_ENCODE_FAILED` */
  encode(value: V): Buffer
}
