/**
 * Names of the headers that a dead letter carries beside those of the record.
 *
 * `zk`: those of KIP-1191, which Kafka's share groups write, as decimal text. `spring`: Spring for Apache Kafka's, numbers as
 * big-endian bytes. `connect`: Kafka Connect's, all text. Every style has ours (`zk.dlt.…`) for what the others have no
 * name for: the cause, and when it was.
 */
import type { HeaderStyle } from './dead-letter.js'

export const kip1191 = {
  topic: '__dlq.errors.topic',
  partition: '__dlq.errors.partition',
  offset: '__dlq.errors.offset',
  group: '__dlq.errors.group',
  deliveryCount: '__dlq.errors.delivery.count',
  message: '__dlq.errors.message',
} as const

export const spring = {
  topic: 'kafka_dlt-original-topic',
  partition: 'kafka_dlt-original-partition',
  offset: 'kafka_dlt-original-offset',
  timestamp: 'kafka_dlt-original-timestamp',
  timestampType: 'kafka_dlt-original-timestamp-type',
  group: 'kafka_dlt-original-consumer-group',
  exception: 'kafka_dlt-exception-fqcn',
  exceptionCause: 'kafka_dlt-exception-cause-fqcn',
  message: 'kafka_dlt-exception-message',
  stack: 'kafka_dlt-exception-stacktrace',
} as const

export const connect = {
  topic: '__connect.errors.topic',
  partition: '__connect.errors.partition',
  offset: '__connect.errors.offset',
  connector: '__connect.errors.connector.name',
  task: '__connect.errors.task.id',
  stage: '__connect.errors.stage',
  class: '__connect.errors.class.name',
  exception: '__connect.errors.exception.class.name',
  message: '__connect.errors.exception.message',
  stack: '__connect.errors.exception.stacktrace',
} as const

export const own = {
  cause: 'zk.dlt.cause',
  exception: 'zk.dlt.exception',
  stack: 'zk.dlt.stack',
  /** When it became a dead letter, milliseconds since 1970 as text. The record keeps its own timestamp. */
  timestamp: 'zk.dlt.timestamp',
  /** How often it was tried, where the style has no header for it. */
  attempts: 'zk.dlt.attempts',
  /** How often it became a dead letter, where that is more than once. */
  hops: 'zk.dlt.hops',
  /** Where it was when it became a dead letter for the first time. */
  firstTopic: 'zk.dlt.first.topic',
  firstPartition: 'zk.dlt.first.partition',
  firstOffset: 'zk.dlt.first.offset',
  /** Bytes of the value that the dead letter topic would not take. */
  valueDropped: 'zk.dlt.value.dropped',
  /** Number of the record's headers that it would not take either, or that the client could not write. */
  headersDropped: 'zk.dlt.headers.dropped',
} as const

/** Where `zk dlt replay` took the record from, how often, and its original time. They are no headers of a dead letter: they outlive the next one. */
export const replayed = {
  from: 'zk.replayed.from',
  count: 'zk.replayed.count',
  timestamp: 'zk.replayed.timestamp',
} as const

const prefixes: Readonly<Record<HeaderStyle, string>> = {
  zk: '__dlq.errors.',
  spring: 'kafka_dlt-',
  connect: '__connect.errors.',
}
const OWN_PREFIX = 'zk.dlt.'
/** What was true of an earlier dead letter and is still. */
const LASTING: ReadonlySet<string> = new Set([
  own.firstTopic,
  own.firstPartition,
  own.firstOffset,
  own.valueDropped,
  own.headersDropped,
])

/** Whether a new dead letter of this style replaces the header, which an earlier one left. */
export function isReplaced(name: string, style: HeaderStyle): boolean {
  return name.startsWith(prefixes[style]) || (name.startsWith(OWN_PREFIX) && !LASTING.has(name))
}

/** Whether the header came with a dead letter, of any style. */
export function isOfDeadLetter(name: string): boolean {
  return name.startsWith(OWN_PREFIX) || Object.values(prefixes).some((prefix) => name.startsWith(prefix))
}
