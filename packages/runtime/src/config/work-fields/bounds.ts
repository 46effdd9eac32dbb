/** How much a work has in memory and in progress at once. */
import { documented, whole } from '../fields.js'

const MiB = 1024 * 1024
const Bounds = 'Bounds'

/** As many as there may be, in progress and waiting. */
export const MAX_WINDOW_MESSAGES = 10_000_000

const windowMessages = whole(1, MAX_WINDOW_MESSAGES, 'messages')
const windowBytes = whole(1024, 2 ** 40, 'bytes')
const maxUncommittedRecords = whole(1, 100_000_000, 'records')
const queuedMaxKbytes = whole(1, 2_097_151, 'KiB')

export const boundFields = {
  windowMessages: documented(windowMessages.schema.optional(), {
    group: Bounds,
    description:
      'Most messages in progress and waiting in threads at once. The number in use starts at 16 × speedup × concurrency ' +
      '(`auto`: 4 × speedup × maxConcurrency), at least 32 × speedup and 256, at most this or the default, and follows how fast ' +
      'the handlers are: never below where it started, up to this.',
    change:
      'Lower it when messages are slow and few should be repeated after a crash; raise it where messages of a key come in ' +
      'bursts and leave handlers without work.',
    expected: windowMessages.expected,
    defaultText:
      '8,192, or 2 × speedup × concurrency (`auto`: maxConcurrency; up to a million, or one for each handler) if that is more; ' +
      'with `batch` room for two batches for each handler',
  }),
  windowBytes: documented(windowBytes.schema.default(64 * MiB), {
    group: Bounds,
    description: 'Most bytes of messages in progress and waiting in threads at once. A larger message goes alone.',
    change: 'Lower it in small containers; raise it for many large messages.',
    expected: windowBytes.expected,
  }),
  maxUncommittedRecords: documented(maxUncommittedRecords.schema.default(100_000), {
    group: Bounds,
    description:
      'How far a partition may run ahead of its oldest unfinished record. Beyond it the partition is not read until ' +
      'that record is finished.',
    change:
      'Raise it when single slow records must not hold up the rest; more records may then be repeated after a crash.',
    expected: maxUncommittedRecords.expected,
  }),
  queuedMaxKbytes: documented(queuedMaxKbytes.schema.default(8 * 1024), {
    group: Bounds,
    description:
      'What librdkafka fetches ahead for each assigned partition, in KiB (`queued.max.messages.kbytes`; one fetch may ' +
      'exceed it). It is the part of memory that grows with the number of partitions: at most partitions × this value, ' +
      'whatever the lag. Small messages stop at their number instead: `queued.min.messages` is 50,000 here. Both ' +
      'hold some tens of milliseconds of the fastest stream from one partition; librdkafka looks for room every 10 ms, and while a ' +
      'queue is full a fetch for other partitions that are idle takes 50 ms (`fetch.wait.max.ms`).',
    change: 'Lower it with hundreds of partitions in one process; raise it for brokers that are far away.',
    expected: queuedMaxKbytes.expected,
  }),
}
