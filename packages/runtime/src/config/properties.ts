/**
 * The configuration as librdkafka properties. Nothing else decides what librdkafka is told, except for the callbacks,
 * which the consumer adds.
 */
import type { ClientConfig } from './client-config.js'
import { connectionProperties } from './connection.js'
import { consumersOnly, producersOnly } from './property-scopes.js'
import type { ReaderConfig } from './reader-config.js'
import type { WorkConfig } from './work-config.js'
import type { WriterConfig } from './writer-config.js'

const HEARTBEAT_MS = 1_000
/** Of one answer, from all partitions that it is about. */
const FETCH_BYTES = 2 * 1024 * 1024
/** Whoever sets one of these has a size in mind that ours could contradict. */
const FETCH_SIZES = [
  'fetch.message.max.bytes',
  'max.partition.fetch.bytes',
  'message.max.bytes',
  'receive.message.max.bytes',
]
/** A record that is larger than all else that is on its way goes alone, and a request has 100 MiB. */
const LARGEST_KIB = 100 * 1024
const MAX_KIB = 2_147_483_647

export type Properties = Record<string, string | number | boolean>

export interface ConsumerProperties {
  global: Properties
  topic: Properties
}

export function consumerProperties(work: WorkConfig | ReaderConfig, client: ClientConfig): ConsumerProperties {
  const given = without(producersOnly, { ...client.additionalProps, ...work.additionalProps })
  return {
    global: {
      // librdkafka waits a second before it looks for room in a full queue: as long as a batch takes many times over.
      'fetch.queue.backoff.ms': 10,
      // Each broker has one fetch at a time. While the queue of a busy partition is full, it is for the others, and lasts until
      // one of them has something: with 500 ms, its default, the queue is long empty then. Whoever sets a least size of fetches has
      // a time in mind for it.
      ...(!('fetch.min.bytes' in given) && { 'fetch.wait.max.ms': 50 }),
      // Enough to read on while a fetch is under way. With 100,000, its default, small messages take several times the
      // memory, half of it librdkafka's own, and lie far from the caches.
      'queued.min.messages': 50_000,
      // librdkafka keeps an answer until the last message in it has been taken. One that has a MiB of each partition, its default,
      // is mostly done with long before.
      ...(!FETCH_SIZES.some((name) => name in given) && { 'fetch.max.bytes': FETCH_BYTES }),
      ...(work.groupProtocol === 'consumer' ? {} : { 'heartbeat.interval.ms': heartbeatMs(work) }),
      ...given,
      ...connectionProperties(work),
      'client.id': work.clientId,
      'group.id': work.groupId,
      ...(work.groupInstanceId !== undefined && { 'group.instance.id': work.groupInstanceId }),
      'group.protocol': work.groupProtocol,
      ...(work.groupProtocol === 'consumer' ? {} : classicGroup(work)),
      'max.poll.interval.ms': work.maxPollIntervalMs,
      'queued.max.messages.kbytes': work.queuedMaxKbytes,
      'isolation.level': work.isolationLevel,
      // The runtime commits, and only what is finished.
      'enable.auto.commit': false,
      'enable.auto.offset.store': false,
      'enable.partition.eof': true,
    },
    topic: {
      'auto.offset.reset': work.autoOffsetReset,
      // How many records the native reader takes out of a queue at once (native/partition.cc).
      'consume.callback.max.messages': 16,
    },
  }
}

/** Of the one producer, for dead letters and outputs. Its partitioner is librdkafka's own, `consistent_random`. */
export function producerProperties(work: WorkConfig, client: ClientConfig): Properties {
  return {
    'linger.ms': 5,
    // The brokers say what is too large for a topic. One of their requests may have 100 MiB, all told.
    'message.max.bytes': 100_000_000,
    // Until then librdkafka tries by itself, and never writes a record twice. Then the record is reported, and whoever tries
    // it once more may write it twice.
    'delivery.timeout.ms': 30_000,
    // A topic that is not there is told of sooner, because a record that waits for it holds up its partition.
    'topic.metadata.propagation.max.ms': 10_000,
    ...without(consumersOnly, { ...client.additionalProps, ...work.additionalProps }),
    ...connectionProperties(work),
    'client.id': work.clientId,
    // All replicas in sync acknowledge, in order, each record once.
    'enable.idempotence': true,
  }
}

/** Of a writer's own producer. */
export function writerProperties(writer: WriterConfig, client: ClientConfig): Properties {
  return {
    'message.max.bytes': 100_000_000,
    // The writer counts for itself, so that what it accepts is sent in its order and has librdkafka's deadline.
    'queue.buffering.max.messages': writer.maxOutstandingRecords,
    'queue.buffering.max.kbytes': Math.min(Math.ceil(writer.maxOutstandingBytes / 1024) + LARGEST_KIB, MAX_KIB),
    'topic.metadata.propagation.max.ms': 10_000,
    ...without(consumersOnly, client.additionalProps),
    'delivery.timeout.ms': writer.deliveryTimeoutMs,
    'linger.ms': writer.lingerMs,
    'socket.nagle.disable': writer.nagleDisable,
    partitioner: writer.partitioner,
    ...without(consumersOnly, writer.additionalProps),
    ...connectionProperties(writer),
    // Two writers of one name for two topics are two clients to the brokers, as they are to zkafka.
    'client.id': `${writer.clientId}-${writer.topic}`,
    'request.required.acks': writer.requestRequiredAcks === 'all' ? '-1' : writer.requestRequiredAcks,
    'enable.idempotence': writer.enableIdempotence,
    ...(writer.transaction && { 'max.in.flight.requests.per.connection': 1 }),
  }
}

function without(names: ReadonlySet<string>, given: Properties): Properties {
  return Object.fromEntries(Object.entries(given).filter(([name]) => !names.has(name)))
}

/** With KIP-848 the broker decides these, and librdkafka refuses them even with their defaults. */
function classicGroup(work: WorkConfig | ReaderConfig): Properties {
  return {
    'partition.assignment.strategy': work.assignmentStrategy,
    'session.timeout.ms': work.sessionTimeoutMs,
  }
}

/**
 * A member hears of a rebalance with its next heartbeat, and one that joins waits for that twice. librdkafka's three seconds
 * would be most of the time that a rebalance takes.
 */
function heartbeatMs({ sessionTimeoutMs }: Pick<WorkConfig, 'sessionTimeoutMs'>): number {
  return Math.max(1, Math.min(HEARTBEAT_MS, Math.floor(sessionTimeoutMs / 3)))
}
