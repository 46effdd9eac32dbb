import type { RegistryConfig } from './registry/config.js'
import type { RegistryRequests } from './registry/requests.js'

/** Where a value is read from or written to. */
export interface FormatPlace {
  readonly topic: string
  readonly part: 'key' | 'value'
}

/**
 * How the values of a topic are read and written. A name and two functions are a whole format.
 *
 * Synchronous: a format runs once for each record in a worker thread. A tombstone (a record whose value is null)
 * is never given to a format: its value is null whatever the format.
 *
 * What a format has to fetch first, such as the schema that the bytes name, it fetches in the optional `prepare…`
 * functions: they return a promise only when something is missing, so that a record usually costs no microtask.
 */
export interface Format<V> {
  /** Appears in errors and logs, such as `json`. */
  readonly name: string
  /** @throws FormatError `ZK_DECODE_FAILED`. The bytes belong to the caller and are not changed. */
  decode(bytes: Uint8Array, place?: FormatPlace): V
  /** @throws FormatError `ZK_ENCODE_FAILED` */
  encode(value: V, place?: FormatPlace): Buffer
  /**
   * Gets what `decode` needs for these bytes and does not have.
   *
   * @returns undefined (no promise!) when `decode` may be called at once; else a promise after which it may. It rejects
   * with an error: `retryable: true` on it (a registry that is down) means that nothing is wrong with the record, which
   * waits and is tried again without being charged an attempt; anything else fails the record.
   */
  prepareDecode?(bytes: Uint8Array, place: FormatPlace): Promise<void> | undefined
  /** The same for `encode`: the id of the schema under which values of this place are written. */
  prepareEncode?(place: FormatPlace): Promise<void> | undefined
  /** Called once by whoever runs the format, before anything else. Without it the format makes its requests itself. */
  open?(host: FormatHost): void
}

/** What a thread offers to formats: requests of all threads of a process go through one place, and once each. */
export interface FormatHost {
  /** @param config Structured-cloneable. Equal configurations get the same registry. */
  registry(config: RegistryConfig): RegistryRequests
}
