/**
 * - `ZK_NATIVE_NOT_BUILT`: the addon's file is missing or cannot be loaded.
 * - `ZK_NATIVE_VERSION`: it was compiled for another node-rdkafka or librdkafka than the one that is loaded.
 * - `ZK_NATIVE_MAIN_THREAD`: loaded in a worker thread.
 * - `ZK_NATIVE_NOT_A_CONSUMER`: the object is no connected KafkaConsumer of the node-rdkafka this package uses.
 * - `ZK_NATIVE_READER_OPEN`: openReader() of a consumer that has an open reader.
 * - `ZK_NATIVE_SLOT`: attach() of a slot or a partition that is attached already.
 */
export type NativeErrorCode =
  | 'ZK_NATIVE_NOT_BUILT'
  | 'ZK_NATIVE_VERSION'
  | 'ZK_NATIVE_MAIN_THREAD'
  | 'ZK_NATIVE_NOT_A_CONSUMER'
  | 'ZK_NATIVE_READER_OPEN'
  | 'ZK_NATIVE_SLOT'

/** Something is wrong with the installation or with how this package is called. */
export class NativeError extends Error {
  override readonly name = 'NativeError'
  readonly code: NativeErrorCode

  constructor(code: NativeErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

/** What librdkafka or the broker answered. */
export class KafkaError extends Error {
  override readonly name = 'KafkaError'
  /** librdkafka's code: negative for the client's own (−185 timed out, −172 not connected), else Kafka's. */
  readonly code: number
  /** Where single partitions failed: which ones, and with what. */
  readonly partitions: readonly PartitionError[]

  constructor(code: number, message: string, partitions: readonly PartitionError[] = []) {
    super(message)
    this.code = code
    this.partitions = partitions
  }
}

export interface PartitionError {
  topic: string
  partition: number
  /** librdkafka error code. */
  code: number
}
