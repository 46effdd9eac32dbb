/**
 * Every field of a writer: zkafka's ProducerTopicConfig in camelCase, with its defaults.
 *
 * What librdkafka calls them is in `properties.ts`, and what contradicts itself in `parse-writer-config.ts`.
 */
import type { Format } from '@zk/formats'
import { z } from 'zod'
import type { Hooks } from '../hooks/hook-types.js'
import type { Logger } from '../log/logger.js'
import type { PropagatorLike, TracerLike } from '../tracing/otel.js'
import { format, logger } from './client-parts.js'
import type { Connection } from './connection.js'
import { additionalPropsExcept, bootstrapServer, documented, milliseconds, text, topicName, whole } from './fields.js'
import { writerHooks } from './hooks.js'
import { saslField } from './sasl.js'
import { tlsField } from './tls.js'
import { isPattern } from './topic-pattern.js'
import { tracingFields } from './tracing.js'
import { writerOwnedProperty } from './writer-owned-properties.js'

const MiB = 1024 * 1024

const Writer = 'Writers'

const maxOutstandingRecords = whole(1, 10_000_000, 'records')
const maxOutstandingBytes = whole(1024, 2 ** 40, 'bytes')

export const writerSchema = z.strictObject({
  topic: documented(
    topicName.refine((topic) => !isPattern(topic), { error: 'is a pattern; expected the name of one topic' }),
    {
      group: Writer,
      description: 'The topic that is written to.',
      change: 'Required.',
      expected: 'a topic name',
    },
  ),
  clientId: documented(text.optional(), {
    group: Writer,
    description:
      "Name of the writer. In the brokers' logs, metrics and quotas it is `clientId-topic`. `client.writer` with the same " +
      'name, topic and configuration is the same writer.',
    change:
      'To have two writers of different settings for one topic, or to tell processes apart in the logs of the brokers.',
    expected: 'a text that is not empty',
    defaultText: "the client's `clientId`, else `zk`",
  }),
  bootstrapServers: documented(z.array(bootstrapServer).min(1).optional(), {
    group: Writer,
    description: 'Brokers to start from, for this writer alone.',
    change: 'When the topic is on another cluster than that of the client.',
    expected: 'an array of host:port',
    defaultText: "the client's `bootstrapServers`",
  }),
  sasl: documented(saslField, {
    group: Writer,
    description: "Who this writer is to the brokers. Each field that is not given is the client's. `false`: no SASL.",
    change: 'For a writer with rights of its own.',
    expected: 'false, or an object of mechanism, username, password, token',
    defaultText: "the client's",
    partsElsewhere: true,
  }),
  tls: documented(tlsField, {
    group: Writer,
    description: "How this writer's connections are encrypted. It replaces the client's as a whole.",
    change: 'For a writer with a certificate of its own, or on another cluster.',
    expected: 'true, false, or an object of ca, cert, key, passphrase, verifyCertificate, verifyHostname',
    defaultText: "the client's",
    partsElsewhere: true,
  }),
  format: documented(format, {
    group: Writer,
    description:
      'How values become bytes: `json()`, `string`, or any format of @zk/formats. Without one a value is a Buffer or a text. ' +
      'Null is a tombstone and never given to the format. Make it once: of two writers of one name the formats must be the same object.',
    change: 'To write objects.',
    expected: 'a format, such as json()',
    defaultText: 'none',
  }),
  partitioner: documented(
    z
      .enum(['consistent_random', 'murmur2_random', 'random', 'consistent', 'murmur2', 'fnv1a', 'fnv1a_random'])
      .default('consistent_random'),
    {
      group: Writer,
      description:
        "Which partition a record goes to that names none, by librdkafka's names. `consistent_random`, librdkafka's default and " +
        "so zkafka's: CRC32 of the key. `murmur2_random`: as Java's clients and kafkajs do. Both spread records without a key; " +
        '`consistent_random` also those of an empty key.',
      change:
        '`murmur2_random`, for a topic that Java or kafkajs writes to as well. On a topic that has records, a key moves to ' +
        'another partition with it, and the order of its records is lost at that moment.',
      expected: "'consistent_random', 'murmur2_random', 'random', 'consistent', 'murmur2', 'fnv1a' or 'fnv1a_random'",
    },
  ),
  deliveryTimeoutMs: milliseconds(300_000, {
    group: Writer,
    description:
      'How long a record may take to be acknowledged, retries included, in milliseconds (`delivery.timeout.ms`). Then its ' +
      'write rejects with ZK_WRITE_FAILED, some three seconds later at the latest, whatever the brokers do.',
    change: 'Lower it where somebody waits for the answer, such as the handler of an HTTP request.',
  }),
  requestRequiredAcks: documented(z.enum(['all', '-1', '1', '0']).default('all'), {
    group: Writer,
    description:
      'Who must have a record before it counts as written: all replicas in sync (`all` or `-1`), the leader alone (`1`), or ' +
      'nobody (`0`: the write resolves with the offset -1 once the record was sent).',
    change:
      '`1`, when a record may be lost with the leader that took it; `0`, when any may be. Both need `enableIdempotence: false`.',
    expected: "'all', '-1', '1' or '0'",
  }),
  enableIdempotence: documented(z.boolean().default(true), {
    group: Writer,
    description:
      'Whether the brokers recognise what librdkafka sends again, so that each record is written once and in order.',
    change:
      'Hardly ever: with brokers that refuse it, or with fewer acknowledgements. Without it a retry may write a record twice, ' +
      'and behind a later one.',
    expected: 'true or false',
  }),
  transaction: documented(z.boolean().default(false), {
    group: Writer,
    description:
      "As zkafka's flag of this name: idempotent, acknowledged by all replicas in sync, and one request on its way at a time. It " +
      'begins no transaction of Kafka. A writer has the first two, and order, without it.',
    change: 'For the same requests as a zkafka writer with `Transaction: true` made. It only costs throughput here.',
    expected: 'true or false',
  }),
  lingerMs: milliseconds(
    0,
    {
      group: Writer,
      description:
        'How long a record waits for others to share its request, in milliseconds. With 0 what is written while a request ' +
        'is on its way still shares the next one.',
      change:
        '5 or more, for many writers that each write a trickle: fewer and larger requests, and every write takes so much longer.',
    },
    0,
    900_000,
  ),
  nagleDisable: documented(z.boolean().default(true), {
    group: Writer,
    description: "Whether the socket sends small packets at once (TCP_NODELAY), librdkafka's `socket.nagle.disable`.",
    change: '`false`, where packets are dear and 40 ms more are not.',
    expected: 'true or false',
  }),
  maxOutstandingRecords: documented(maxOutstandingRecords.schema.default(100_000), {
    group: Writer,
    description:
      'Most records of the writer that are not acknowledged yet. One more rejects with ZK_WRITE_OVERFLOW; `writer.ready` ' +
      'waits while half of them are on their way.',
    change: 'Lower it in small containers.',
    expected: maxOutstandingRecords.expected,
  }),
  maxOutstandingBytes: documented(maxOutstandingBytes.schema.default(256 * MiB), {
    group: Writer,
    description: 'The same in bytes of keys, values and headers. A record that is larger goes alone.',
    change: 'Lower it in small containers; raise it for large records.',
    expected: maxOutstandingBytes.expected,
  }),
  producer: documented(z.enum(['auto', 'native', 'portable']).default('auto'), {
    group: Writer,
    description:
      'How records are written. `native`: @zk/native. `portable`: node-rdkafka alone, which cannot write header values that are ' +
      'null or no text. `auto`: native where it is available.',
    change: '`native`, to fail when the addon is missing; `portable`, to exclude it as a cause.',
    expected: "'auto', 'native' or 'portable'",
  }),
  logger: documented(logger, {
    group: Writer,
    description: 'Where the writer logs what librdkafka says: pino, or anything with its six methods.',
    change: "To have it in your program's log.",
    expected: 'a logger, such as pino',
    defaultText: 'pino, with the level of LOG_LEVEL',
  }),
  hooks: writerHooks,
  ...tracingFields({
    group: Writer,
    of: 'what is written',
    defaults: { tracer: "the client's `tracer`", propagator: "the client's `propagator`" },
  }),
  additionalProps: documented(additionalPropsExcept(writerOwnedProperty).default({}), {
    group: Writer,
    description:
      "librdkafka properties for this writer, as in librdkafka's CONFIGURATION.md. They take precedence over the client's.",
    change: 'For what no field covers, such as `compression.type`.',
    expected: 'an object of texts, numbers and booleans',
  }),
})

type WriterFields = z.input<typeof writerSchema>

/** What `client.writer` takes. */
export type WriterInput<V> = Omit<WriterFields, 'format' | 'logger'> & {
  /** How values become bytes. Default: none, values are Buffers or texts. */
  format?: Format<V>
  logger?: Logger
}

/** Checked, with defaults. */
export type WriterConfig = Omit<
  z.output<typeof writerSchema>,
  'clientId' | 'hooks' | 'tracer' | 'propagator' | keyof Connection
> &
  Connection & {
    clientId: string
    hooks: Pick<Hooks, 'preWrite' | 'postAck'>
    tracer: boolean | TracerLike
    propagator: boolean | PropagatorLike
  }
