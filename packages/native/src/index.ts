/**
 * What node-rdkafka lacks, on node-rdkafka's own consumer: packed reads on a thread of their own, flow control without
 * `pause()`, commits with metadata and a deadline, assignment-lost, ids of topics, tokens. Connecting, subscribing, rebalance callbacks and
 * seeking stay node-rdkafka's.
 *
 * Importing this throws a NativeError when the addon is not built (`ZK_NATIVE_NOT_BUILT`) or does not fit the installed
 * node-rdkafka (`ZK_NATIVE_VERSION`).
 *
 * ## The block
 *
 * Little endian. Header, 32 bytes: u32 magic 0x5a4b4232, u32 count n, u32 bytesStart (offset of the record bytes), u32
 * totalSize, 16 bytes zero. Then columns, each starting at a multiple of 8 bytes, in this order:
 *
 * | column | type | |
 * |---|---|---|
 * | offset | f64[n] | |
 * | timestamp | f64[n] | milliseconds, −1 when the record has none |
 * | slot | i32[n] | as given to `attach` |
 * | keyHash | u32[n] | fmix32(murmur2(key)), 0 for a null key |
 * | keyLength | i32[n] | −1 for null |
 * | valueLength | i32[n] | −1 for null |
 * | headersLength | i32[n] | 0 for none |
 * | position | u32[n] | where the record's bytes start, from the start of the block; a multiple of 4 |
 * | size | i32[n] | bytes of key, value and headers |
 * | flags | i32[n] | bits 0–1: timestamp type (0 none, 1 create time, 2 log append time) |
 *
 * A record's bytes are its key, value and headers without a gap. Headers: u32 count, then for each in order u32
 * nameLength, name (UTF-8), i32 valueLength (−1 for null), value; none of these integers is aligned.
 *
 * Offsets of a slot ascend, except where the log itself went back (topic created anew, log truncated).
 */
import { addon } from './binding.js'

export { KafkaError, NativeError, type NativeErrorCode, type PartitionError } from './errors.js'
export {
  assignmentLost,
  type CommittedOffset,
  commit,
  committed,
  memberId,
  type OffsetToCommit,
  storeOffsets,
} from './offsets.js'
export { type NativeProducer, openProducer, type ProducerEvent, type Reports, type TakenReports } from './producer.js'
export { type NativeReader, openReader, type ReaderEvent, type ReaderOptions, type Taken } from './reader.js'
export { setToken } from './token.js'
export { topicIds } from './topic-ids.js'

/**
 * Ends the process with this code, without waiting for threads as `process.exit` does: not for one that blocks in a
 * native call, nor for a client that waits for a dead broker. Exit handlers do not run.
 */
export function exitNow(code: number): void {
  addon.exitNow(code)
}

/** The versions that the addon was compiled against; loading it checked that they are the ones in use. */
export const compiledFor: { nodeRdkafka: string; librdkafka: string } = {
  nodeRdkafka: addon.nodeRdkafka,
  librdkafka: addon.librdkafka,
}

/** What librdkafka calls an error code, such as `Broker: Message size too large`. */
export function errorText(code: number): string {
  return addon.errorText(code)
}
