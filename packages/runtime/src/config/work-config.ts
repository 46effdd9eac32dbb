/**
 * Every field of a work, with its default, its limits and its documentation.
 *
 * Defaults are written here and nowhere else. A feature that does not exist has no field: a field that was accepted
 * and ignored would be believed.
 */
import { z } from 'zod'
import type { Hooks } from '../hooks/hook-types.js'
import type { PropagatorLike, TracerLike } from '../tracing/otel.js'
import type { OnDone } from '../work/done-callbacks.js'
import { batch } from './batch.js'
import { circuitBreaker } from './circuit-breaker.js'
import type { Connection } from './connection.js'
import { crashJournal } from './crash-journal.js'
import { type DeadLetterTopicConfig, deadLetterTopic } from './dead-letter-topic.js'
import {
  additionalProps,
  bootstrapServer,
  documented,
  milliseconds,
  moduleUrl,
  nested,
  text,
  topicName,
  whole,
} from './fields.js'
import { hooks, hooksModule } from './hooks.js'
import { saslField } from './sasl.js'
import { tlsField } from './tls.js'
import { tracingFields } from './tracing.js'

const MiB = 1024 * 1024

const Input = 'What is read'
const Threads = 'Threads'
const Group = 'Consumer group'
const Deadlines = 'Deadlines'
const Bounds = 'Bounds'
const Failure = 'Failure'
const Callbacks = 'Callbacks'
const Brokers = 'Brokers'
const Kafka = "librdkafka's own properties"

const speedup = whole(1, 1024, 'threads')
const concurrency = whole(1, 100_000, 'messages')
const windowMessages = whole(1, 10_000_000, 'messages')
const windowBytes = whole(1024, 2 ** 40, 'bytes')
const maxUncommittedRecords = whole(1, 100_000_000, 'records')
const commitEveryRecords = whole(1, 100_000_000, 'records')
const queuedMaxKbytes = whole(1, 2_097_151, 'KiB')
const maxHeapMb = whole(16, 1_048_576, 'MiB')
const maxExternalMb = whole(1, 1_048_576, 'MiB')
const attempts = whole(1, 10_000, 'attempts')

export const workSchema = z.strictObject({
  topic: documented(topicName.optional(), {
    group: Input,
    description:
      'The topic to read; `topics` for several. A name that starts with `^` is a regular expression ' +
      '(the part of POSIX extended that JavaScript shares: sets, groups, `|`, quantifiers).',
    change: 'Either `topic` or `topics` is required.',
    expected: 'a topic name, or a regular expression that starts with ^',
  }),
  topics: documented(z.array(topicName).min(1).optional(), {
    group: Input,
    description:
      'The topics to read, by one consumer and the same threads. With a regular expression, topics that are created ' +
      "later join within librdkafka's `topic.metadata.refresh.interval.ms` (5 minutes).",
    change:
      'For one processor that handles several topics. Order is kept within a partition, never across topics. ' +
      'Either `topic` or `topics` is required.',
    expected: 'an array of topic names, or of regular expressions that start with ^',
  }),
  groupId: documented(text, {
    group: Input,
    description: 'The consumer group: processes with the same one share the partitions and the committed offsets.',
    change: 'Required.',
    expected: 'a text that is not empty',
  }),
  clientId: documented(text.optional(), {
    group: Input,
    description: "Name of this work in the brokers' logs, metrics and quotas.",
    change: 'To tell processes apart in the logs of the brokers.',
    expected: 'a text that is not empty',
    defaultText: "the client's `clientId`, else `groupId`",
  }),
  autoOffsetReset: documented(z.enum(['earliest', 'latest', 'error']).default('earliest'), {
    group: Input,
    description:
      'Where to begin in a partition for which the group has no committed offset, or whose committed offset is gone. ' +
      '`error` stops the work instead.',
    change:
      '`latest`, when old records have no value. With it, records written to a new partition before the consumer ' +
      'discovers it are skipped.',
    expected: "'earliest', 'latest' or 'error'",
  }),
  isolationLevel: documented(z.enum(['read_committed', 'read_uncommitted']).default('read_committed'), {
    group: Input,
    description: 'Whether records of transactions that are open or were aborted are read.',
    change: '`read_uncommitted`, to see records of a transaction before it commits, at the price of aborted ones.',
    expected: "'read_committed' or 'read_uncommitted'",
  }),
  waitForTopics: documented(z.boolean().default(false), {
    group: Input,
    description: 'Wait for topics that do not exist yet, instead of failing with ZK_TOPIC_NOT_FOUND.',
    change: 'When something else creates the topics after this process starts.',
    expected: 'true or false',
  }),

  processor: documented(moduleUrl, {
    group: Threads,
    description:
      'The module with the handler. A relative path is resolved against the working directory; ' +
      "`new URL('./processor.js', import.meta.url)` is independent of it. TypeScript is compiled at the start, with the " +
      'files it imports by relative paths, to an ES module; types are not checked, and packages must be JavaScript.',
    change: 'Required.',
    expected: "a path, or a URL such as new URL('./processor.js', import.meta.url)",
  }),
  processorOptions: documented(z.unknown().optional(), {
    group: Threads,
    description:
      "Plain data for the processor: each thread's `setup(thread)` gets a copy as `thread.options`, of what it is at `create`.",
    change: 'For addresses, limits and switches. Connections and functions are made in `setup`.',
    expected: 'structured-cloneable data',
    defaultText: 'undefined',
  }),
  speedup: documented(speedup.schema.optional(), {
    group: Threads,
    description:
      'Number of worker threads. Keys are spread over them, whatever the number of partitions. Above twice the ' +
      'available CPUs a warning advises `concurrency`.',
    change:
      'Lower it when the machine does other work. For handlers that wait (HTTP, databases) raise `concurrency` instead.',
    expected: speedup.expected,
    defaultText: "the available CPUs, capped by the container's CPU quota; the start log says which",
  }),
  concurrency: documented(z.union([concurrency.schema, z.literal('auto')]).default(1), {
    group: Threads,
    description:
      'Messages of different keys that one thread has in progress at once; of `processBatch`, batches. Messages of one key always ' +
      'follow each other. With 1, a thread is wholly serial. With `auto` the number follows the handlers, the same for all threads: ' +
      'it starts at 1, rises while that gains throughput and the event loops have time, and falls when fewer do as much.',
    change:
      'Raise it to 10 to 1,000 for handlers that spend their time waiting; leave it for those that compute. `auto`, ' +
      'where the best number is not known, or changes with the service that is waited for.',
    expected: `${concurrency.expected}, or 'auto'`,
  }),
  maxConcurrency: documented(concurrency.schema.optional(), {
    group: Threads,
    description: "The most that `concurrency: 'auto'` rises to, in each thread.",
    change:
      'Lower it to what the service that handlers wait for may be asked at once, divided by all threads of all processes.',
    expected: concurrency.expected,
    defaultText: "1,000 with `concurrency: 'auto'`",
  }),
  batch,
  ordering: documented(z.enum(['key', 'partition', 'none']).default('key'), {
    group: Threads,
    description:
      'What must be processed in order: the records of one key in a partition, all records of a partition, or nothing. ' +
      'Records without a key have no order under `key`.',
    change:
      '`partition`, when order matters across keys (no more parallel than there are partitions); `none`, when it does not matter.',
    expected: "'key', 'partition' or 'none'",
  }),
  affinity: documented(z.enum(['hash', 'in-flight']).default('hash'), {
    group: Threads,
    description:
      'How a key finds its thread. `hash`: always the same one. `in-flight`: the same one while it has messages in ' +
      'progress, and the least busy one otherwise. The order is the same.',
    change: '`in-flight`, when few keys carry most messages and threads keep no state by key.',
    expected: "'hash' or 'in-flight'",
  }),
  reader: documented(z.enum(['auto', 'native', 'portable']).default('auto'), {
    group: Threads,
    description:
      'How records are read. `native`: @zk/native, compiled when it is installed, on a thread of its own. `portable`: ' +
      'node-rdkafka alone, several times slower; it gives a header without a value as an empty one. `auto`: native where it ' +
      'is available.',
    change: '`native`, to fail instead of being slow when the addon is missing; `portable`, to exclude it as a cause.',
    expected: "'auto', 'native' or 'portable'",
  }),
  maxHeapMb: documented(maxHeapMb.schema.optional(), {
    group: Threads,
    description:
      'JavaScript heap of each thread, in MiB. A thread that exceeds it is ended and replaced. Buffers are not counted.',
    change: 'To keep a leak in a handler from taking the whole container with it.',
    expected: maxHeapMb.expected,
    defaultText: "Node's own limit",
  }),
  maxExternalMb: documented(maxExternalMb.schema.optional(), {
    group: Threads,
    description:
      'What each thread may hold outside of its heap, in MiB: Buffers and other memory that V8 knows of. A thread that ' +
      'exceeds it is ended and replaced. It is looked at ten times a second, while handlers run and when records end, between ' +
      'turns of the event loop: one that takes more at once, or native memory that V8 does not know of, is not noticed in time.',
    change: 'To keep a leak of Buffers in a handler from taking the whole container with it.',
    expected: maxExternalMb.expected,
    defaultText: 'no limit',
  }),
  setupTimeoutMs: milliseconds(30_000, {
    group: Threads,
    description: 'How long the import of the processor and its `setup` may take in a thread, in milliseconds.',
    change: 'Raise it when `setup` loads much.',
  }),

  groupProtocol: documented(z.enum(['classic', 'consumer']).default('classic'), {
    group: Group,
    description:
      'How the group forms. `classic`: its members agree among themselves, by `assignmentStrategy`. `consumer`: the ' +
      'protocol of KIP-848 (Kafka 4.0 and newer), in which the brokers assign, and a member that comes or goes concerns ' +
      'only those whose partitions move. `group.protocol` in `additionalProps` takes precedence.',
    change:
      '`consumer`, with brokers that have it: rebalances take a fraction of the time. `sessionTimeoutMs`, ' +
      '`assignmentStrategy` and `heartbeat.interval.ms` belong to the brokers then and must not be given.',
    expected: "'classic' or 'consumer'",
  }),
  assignmentStrategy: documented(
    z
      .enum(['cooperative-sticky', 'range', 'roundrobin', 'range,roundrobin', 'roundrobin,range'])
      .default('cooperative-sticky'),
    {
      group: Group,
      description:
        'How the group shares its partitions. With `cooperative-sticky` a rebalance moves few partitions and the others ' +
        'go on.',
      change:
        'Members of one group must agree: a group that rolls over from other clients takes their strategy first, ' +
        "such as `range,roundrobin`. Not to be given with `groupProtocol: 'consumer'`.",
      expected: "'cooperative-sticky', 'range', 'roundrobin', 'range,roundrobin' or 'roundrobin,range'",
    },
  ),
  groupInstanceId: documented(text.optional(), {
    group: Group,
    description:
      'Makes the process a static member: a restart within `sessionTimeoutMs` keeps its partitions without a rebalance.',
    change: 'For pods with stable names. No two running processes may share one: the older is fenced (exit code 3).',
    expected: 'a text that is not empty',
    defaultText: 'none: a dynamic member',
  }),
  sessionTimeoutMs: milliseconds(45_000, {
    group: Group,
    description:
      'How long the group waits for heartbeats of a process before it gives its partitions to others, in milliseconds. ' +
      'Heartbeats do not depend on handlers.',
    change: 'Lower it to notice a dead process sooner; it must lie within the limits of the brokers.',
  }),
  maxPollIntervalMs: milliseconds(300_000, {
    group: Group,
    description: 'How long the main thread may fail to read before the group takes its partitions, in milliseconds.',
    change: 'Hardly ever: slow handlers do not hold up reading. It must exceed `drainTimeoutMs` + `graceMs`.',
  }),
  autoCommitIntervalMs: milliseconds(1_000, {
    group: Group,
    description:
      'How often finished offsets are committed, in milliseconds. They are also committed when partitions are given ' +
      'back and at the end.',
    change: 'Lower it to repeat fewer records after a crash; raise it when hundreds of members commit to one broker.',
  }),
  commitEveryRecords: documented(commitEveryRecords.schema.default(10_000), {
    group: Group,
    description:
      'After how many finished records offsets are committed before `autoCommitIntervalMs` has passed. One commit is ' +
      'under way at a time, at most ten a second.',
    change: 'Lower it, when records are expensive to process again; a crash repeats about so many.',
    expected: commitEveryRecords.expected,
  }),

  processTimeoutMs: milliseconds(
    60_000,
    {
      group: Deadlines,
      description:
        'How long each attempt of a handler may take, in milliseconds; 0 for as long as it wants. Then `ctx.signal` aborts ' +
        'with the reason `timeout`, and after `graceMs` its thread is ended. `ctx.extendDeadline` gives a long job more. ' +
        'A thread that has records, runs none and gives no sign for as long, because something outside of handlers keeps it, ' +
        'is ended as well. ' +
        'Deadlines are off while a debugger may be attached (`node --inspect`), with one warning.',
      change:
        'Raise it for slow work that is healthy; lower it to find stuck handlers sooner. Records behind one that is stuck ' +
        'wait so long.',
    },
    0,
  ),
  drainTimeoutMs: milliseconds(10_000, {
    group: Deadlines,
    description:
      'How long handlers of partitions that must be given back may take to finish, in milliseconds. Then `ctx.signal` ' +
      'aborts, and what is unfinished goes to the next owner.',
    change: "Raise it above the handlers' usual time. While it lasts the whole assignment waits.",
  }),
  shutdownTimeoutMs: milliseconds(25_000, {
    group: Deadlines,
    description:
      'How long a shutdown waits for running handlers, in milliseconds. Then `ctx.signal` aborts, and after `graceMs` ' +
      'their threads are ended; nothing unfinished is committed. `run` resolves with the reason `deadline`, and `zk run` ' +
      'ends with exit code 2.',
    change:
      'Keep it, with `graceMs` and some seconds for the last commit, below the grace period of what stops the process ' +
      '(Kubernetes: 30 s).',
  }),
  graceMs: milliseconds(
    1_000,
    {
      group: Deadlines,
      description:
        'How long handlers may go on after `ctx.signal` aborted at the end of `processTimeoutMs` or `shutdownTimeoutMs`, ' +
        'before their threads are ended, in milliseconds; after `processTimeoutMs` at least 100, in which a thread can say that ' +
        'it hears. When partitions are given back no thread is ended for it: what a ' +
        'late handler still does completes nothing.',
      change: 'Raise it when cleaning up takes longer.',
    },
    0,
  ),
  terminateTimeoutMs: milliseconds(5_000, {
    group: Deadlines,
    description:
      'How long `teardown` may take, and then how long to wait for a thread that was ended, in milliseconds. A blocking ' +
      'native call can delay its end; past this `run` fails with ZK_THREAD_UNSTOPPABLE, and `zk run` ends with exit code 5.',
    change: 'Raise it when `teardown` takes longer, or when handlers make long synchronous native calls.',
  }),

  stallAfterMs: milliseconds(30_000, {
    group: Deadlines,
    description:
      'How long a partition may stand still, with something left to do, before it is reported as stalled, in milliseconds: ' +
      'a warning that names the cause, once a stall, and another line when it moves on. Nothing is ended by it.',
    change: 'Raise it above what a healthy handler may take; lower it to hear of stuck ones sooner.',
  }),

  windowMessages: documented(windowMessages.schema.optional(), {
    group: Bounds,
    description:
      'Most messages in progress and waiting in threads at once. The number in use starts at 16 × speedup × ' +
      'concurrency (`auto`: 4 × speedup × maxConcurrency), at least 256, and follows how fast the handlers are: never below where it started, up to this.',
    change: 'Lower it when messages are slow and few should be repeated after a crash.',
    expected: windowMessages.expected,
    defaultText: '8,192, or 16 × speedup × concurrency (`auto`: 4 × speedup × maxConcurrency) if that is more',
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
      'hold about 50 ms of the fastest stream from one partition; librdkafka looks for room every 10 ms.',
    change: 'Lower it with hundreds of partitions in one process; raise it for brokers that are far away.',
    expected: queuedMaxKbytes.expected,
  }),

  retry: nested(
    {
      attempts: documented(attempts.schema.default(1), {
        group: Failure,
        description:
          'How often a record is tried in all, before its failure counts. Only its key waits meanwhile; its thread goes on ' +
          'with others. `ProcessError` with `retryable: false`, and the `retryable` of the processor, end it earlier. An ' +
          'attempt that brought its thread down counts too.',
        change: 'Raise it for handlers whose failures pass by themselves, such as those of a network.',
        expected: attempts.expected,
      }),
      backoffMs: milliseconds(
        100,
        {
          group: Failure,
          description:
            'How long the key waits before the second attempt, in milliseconds; it doubles with each one more.',
          change: 'Raise it to the time in which what failed usually recovers.',
        },
        0,
      ),
      maxBackoffMs: milliseconds(
        10_000,
        {
          group: Failure,
          description: 'The longest wait between two attempts, in milliseconds.',
          change:
            'Raise it for many attempts over a long outage. The records behind the key wait as long, and nothing above ' +
            'them is committed but in metadata.',
        },
        0,
      ),
      jitter: documented(z.number().min(0).max(1).default(0.5), {
        group: Failure,
        description:
          'The share of each wait that is left to chance, 0 to 1: with 0.5 it lasts between half of it and all of it, so ' +
          'that what failed together is not tried again together.',
        change: '0, for waits that can be foretold, as in tests.',
        expected: 'a number, 0 to 1',
      }),
    },
    {
      group: Failure,
      description:
        'Whether and when a record whose handler failed is tried again, in its thread and in its place: the records of its ' +
        'key wait behind it, those of other keys go on.',
      change: 'For handlers that call what can fail for a moment.',
    },
  ),
  processDelayMs: milliseconds(
    0,
    {
      group: Failure,
      description:
        'How long after its timestamp a record starts at the soonest, in milliseconds. Records that are older start ' +
        'at once; a timestamp from the future counts as the time of reading, and a record without one is not delayed. A ' +
        'partition whose next record is not due is not read on; the others are. It starts up to 100 ms late.',
      change:
        'For topics of retries: a work that reads a dead letter topic and tries again after a while. Any length is fine, ' +
        'also beyond `maxPollIntervalMs`.',
    },
    0,
  ),
  circuitBreaker,
  onExhausted: documented(z.enum(['complete', 'stop']).default('complete'), {
    group: Failure,
    description:
      'What happens to a record whose handler failed for good, all attempts used up. `complete`: it is logged with topic, partition, offset and key, ' +
      'counted as failed, and its offset completes. `stop`: it stays uncommitted and the work stops with ' +
      'ZK_RECORD_FAILED (exit code 4).',
    change: '`stop`, when no record may be passed over.',
    expected: "'complete' or 'stop'",
  }),

  deadLetterTopic,
  crashJournal,

  onDone: documented(
    z
      .custom<OnDone | readonly OnDone[]>((value) => [value].flat().every((one) => typeof one === 'function'))
      .optional(),
    {
      group: Callbacks,
      description:
        'Called as `onDone(message, outcome)` after each record has its final outcome and its offset is completed; the ' +
        "factory's `onDone` first, then the work's, in their order. `message` has topic, partition, offset, timestamp, key " +
        'and headers; `outcome` has `status` (`done`, `failed` or `dead-lettered`), `attempts`, `durationMs` where it is ' +
        'known, and `cause` and `error` of a failure. It runs on the main thread, so it must be quick. What it throws or ' +
        'rejects with is logged and counted (`zk_callback_errors_total`), and changes nothing.',
      change:
        'For metrics and audits by record. Effects belong in the processor: a crash may come before the callback.',
      expected: 'a function, or an array of functions',
      defaultText: 'none',
    },
  ),

  hooks,
  hooksModule,
  ...tracingFields({
    group: Callbacks,
    of: 'each attempt of a handler, each of its outputs, and each dead letter',
    defaults: { tracer: "the client's `tracer`", propagator: "the client's `propagator`" },
  }),
  bootstrapServers: documented(z.array(bootstrapServer).min(1).optional(), {
    group: Brokers,
    description:
      "Brokers to start from, if they are not the client's. `sasl` and `tls` are the client's then too, unless they are given.",
    change: 'For a work on another cluster.',
    expected: 'an array of host:port',
    defaultText: "the client's",
  }),
  sasl: documented(saslField, {
    group: Brokers,
    description:
      "Who this work is to the brokers. Each field that is not given is the client's, so a work may have its own `username` and " +
      '`password`, or its own `password` only. `false`: no SASL, also where the client has it.',
    change: 'For a work with rights of its own.',
    expected: 'false, or an object of mechanism, username, password, token',
    defaultText: "the client's",
    partsElsewhere: true,
  }),
  tls: documented(tlsField, {
    group: Brokers,
    description: "How this work's connections are encrypted. It replaces the client's as a whole.",
    change: 'For a work with a certificate of its own, or on another cluster.',
    expected: 'true, false, or an object of ca, cert, key, passphrase, verifyCertificate, verifyHostname',
    defaultText: "the client's",
    partsElsewhere: true,
  }),

  additionalProps: documented(additionalProps.default({}), {
    group: Kafka,
    description:
      "librdkafka properties for this work's consumer and producer, as in librdkafka's CONFIGURATION.md; each gets those that it knows. They take precedence over the " +
      "client's. `session.timeout.ms`, `max.poll.interval.ms`, `auto.commit.interval.ms`, `group.protocol` and " +
      '`queued.max.messages.kbytes`, given here or for the client, take precedence over the fields for them.',
    change: 'For what no field covers.',
    expected: 'an object of texts, numbers and booleans',
  }),
})

/** What `create` takes. */
export type WorkInput = z.input<typeof workSchema>

/** Checked, with defaults, and with the values that `additionalProps` replace put in their fields. */
export type WorkConfig = Omit<
  z.output<typeof workSchema>,
  | 'topic'
  | 'topics'
  | 'clientId'
  | 'speedup'
  | 'onDone'
  | 'hooks'
  | 'tracer'
  | 'propagator'
  | 'deadLetterTopic'
  | keyof Connection
> &
  Connection & {
    topics: readonly string[]
    clientId: string
    speedup: number
    onDone: readonly OnDone[]
    hooks: Hooks
    tracer: boolean | TracerLike
    propagator: boolean | PropagatorLike
    deadLetterTopic?: DeadLetterTopicConfig | undefined
    /** Where `speedup` comes from, for the start log. */
    speedupReason: string
  }
