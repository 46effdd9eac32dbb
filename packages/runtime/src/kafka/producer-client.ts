/** What a producer is made of: one client of librdkafka's, native or portable. */
import type { LibrdkafkaErrorEvent, LibrdkafkaLogEvent } from './librdkafka-log.js'

/** Bytes are copied before `send` returns. */
export interface RecordToSend {
  readonly topic: string
  /** −1: the partitioner chooses. */
  readonly partition: number
  readonly key: Uint8Array | null
  readonly value: Uint8Array | null
  /** In this order; names may come more than once. */
  readonly headers: readonly (readonly [name: string, value: Uint8Array | null])[]
  /** Milliseconds since 1970; −1: none, which makes it the time of writing. */
  readonly timestamp: number
}

/** The same with bytes of its own, for one that has to wait. */
export function keptRecord(record: RecordToSend): RecordToSend {
  const { key, value, headers } = record
  return {
    ...record,
    key: key === null ? null : Buffer.from(key),
    value: value === null ? null : Buffer.from(value),
    headers: headers.map(([name, one]) => [name, one === null ? null : Buffer.from(one)] as const),
  }
}

export interface ProducerClientListener {
  /** @param error a code of librdkafka's, 0 when the record was acknowledged; and its words where there is no other way */
  reported(token: number, error: number, mayBeWritten: boolean, partition: number, offset: number, words?: string): void
  /** Behind all that one wake-up reported. */
  reportedAll(): void
  log(event: LibrdkafkaLogEvent): void
  /** It goes on trying. */
  erred(error: LibrdkafkaErrorEvent): void
  /** This client is of no use any more. */
  failed(message: string): void
}

export interface ProducerClient {
  /**
   * librdkafka has taken its properties, and looks for brokers from now on. Rejects with ZK_CONFIG_UNKNOWN_PROPERTY, and then the
   * client is of no use.
   */
  readonly made: Promise<void>
  /** @returns 0 when a report will follow, else librdkafka's code */
  send(record: RecordToSend, token: number): number
  /** Everything that is outstanding is reported as failed, soon. */
  purge(): void
  /** Lets go of what is still outstanding, without reports. */
  close(): Promise<void>
}
