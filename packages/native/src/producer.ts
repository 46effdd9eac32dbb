import { addon } from './binding.js'
import { KafkaError } from './errors.js'
import { tokenTaken } from './token.js'

/** Delivery reports by columns, in the order in which librdkafka gave them. */
export interface Reports {
  /** As given to `send`. */
  tokens: Float64Array
  /** librdkafka's code; 0: acknowledged. */
  codes: Int32Array
  partitions: Int32Array
  offsets: Float64Array
  /** Of one that failed: 0 it was not written, 1 it may have been. */
  statuses: Int32Array
}

export type ProducerEvent =
  /** `fatal`: every further `send` fails; `code` is then the cause. */
  | { type: 'error'; code: number; message: string; fatal: boolean }
  /** `severity` is syslog's, 0 emergency to 7 debug. */
  | { type: 'log'; severity: number; facility: string; message: string }

export interface TakenReports extends Reports {
  events: ProducerEvent[]
}

/**
 * A producer whose records keep what node-rdkafka's lose: null and empty keys and values, header values that are null or
 * not text. All methods are for the main thread and return at once.
 */
export interface NativeProducer {
  /**
   * Copies the record and queues it.
   *
   * @param partition −1: the partitioner chooses
   * @param headers packed as in blocks; undefined for none
   * @param timestamp milliseconds since 1970; 0: now
   * @param token a whole number from 0 to 2^53 − 1, which the report carries
   * @returns 0 when a report will follow, else librdkafka's code: −184 the queue is full, 10 too large, −190 no such
   *   partition, −150 fatal, −172 closed
   */
  send(
    topic: string,
    partition: number,
    key: Uint8Array | null,
    value: Uint8Array | null,
    headers: Uint8Array | undefined,
    timestamp: number,
    token: number,
  ): number
  /** What came since the last call, some thousand reports at most; `undefined` when there is nothing. */
  take(): TakenReports | undefined
  /**
   * The token of SASL/OAUTHBEARER, for every connection that is made or renewed from now on. Nothing connects before the first.
   * @returns false when it is closed
   * @throws KafkaError when librdkafka does not take it
   */
  setToken(token: string): boolean
  /** Every record that has no report yet gets one: −152 from the queue, −151 in flight. */
  purge(): void
  /** Lets go of what is outstanding, without reports; resolves when librdkafka's threads have ended. Idempotent. */
  close(): Promise<void>
}

/**
 * Connects to nothing before it has to.
 *
 * @param properties librdkafka's
 * @param onReady called on the main thread, coalesced, when `take()` has something
 * @throws KafkaError −186 when librdkafka refuses the properties
 */
export function openProducer(
  properties: Readonly<Record<string, string | number | boolean>>,
  onReady: () => void,
): NativeProducer {
  const handle = new addon.Producer(onReady)
  const problem = handle.open(Object.entries(properties).flatMap(([name, value]) => [name, String(value)]))
  if (problem !== '') throw new KafkaError(-186, problem)
  let closed: Promise<void> | undefined
  return {
    send: (topic, partition, key, value, headers, timestamp, token) =>
      handle.send(topic, partition, key, value, headers, timestamp, token),
    take: () => handle.take(),
    setToken: (token) => tokenTaken(handle.setToken(token)),
    purge: () => handle.purge(),
    close: () => {
      closed ??= new Promise((resolve) => handle.close(resolve))
      return closed
    },
  }
}
