/** What a processor module is given and gives. Types only: the thread brings the things themselves. */
import type { Format } from '@zk/formats'
import type { ContextValues, ThreadHooks } from './hooks/hook-types.js'
import type { Logger } from './log/logger.js'

/**
 * A record of Kafka as a handler sees it.
 *
 * `key`, `rawValue`, `value` and header values are private copies, made on first access: keep or change them as
 * you like.
 */
export interface Message<V = Buffer> {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  /** Milliseconds since 1970, set by the producer or the broker as the topic says; -1 when there is none. */
  readonly timestamp: number
  /** Null for a record without a key. An empty key is an empty Buffer. */
  readonly key: Buffer | null
  /** The bytes as they are on the topic; null for a tombstone. */
  readonly rawValue: Buffer | null
  /** The value as decoded by the processor's format, without one the Buffer; null for a tombstone. */
  readonly value: V | null
  readonly headers: Headers
}

/** Names may repeat; the order is the producer's. */
export interface Headers {
  /** The last value of the name, as Kafka's own clients have it; undefined when there is none. */
  get(name: string): Buffer | null | undefined
  /** All values of the name, in order. */
  getAll(name: string): (Buffer | null)[]
  [Symbol.iterator](): IterableIterator<[name: string, value: Buffer | null]>
}

/**
 * Why `ctx.signal` aborts. `timeout`: the handler's deadline passed. `revoked`: the partition is another process's.
 * `shutdown`: the deadline of the shutdown passed. `aborted`: the work is ended at once.
 */
export type AbortReason = 'timeout' | 'revoked' | 'shutdown' | 'aborted'

/** The reason of `ctx.signal`. Its name is `AbortError`. */
export interface HandlerAbort extends Error {
  readonly reason: AbortReason
}

/**
 * What `ctx.send` takes. It is copied before `send` returns; a value that a format encodes, which may have to ask its
 * registry first, by the time that the promise is settled.
 */
export interface OutgoingRecord<V = Uint8Array | string> {
  /** Text is written as UTF-8. Default null: a record without a key. */
  key?: Uint8Array | string | null
  /** Null is a tombstone. Without a format text is written as UTF-8. */
  value: V | null
  headers?: OutgoingHeaders
  /** Default: by the key, as librdkafka's `partitioner` says; any one for a null key. */
  partition?: number
  /** Milliseconds since 1970. Default: the time of writing. */
  timestamp?: number
}

/** Names and values; or pairs, whose names may repeat, such as `message.headers`. */
export type OutgoingHeaders =
  | Readonly<Record<string, Uint8Array | string | null>>
  | Iterable<readonly [name: string, value: Uint8Array | string | null]>

export interface SendOptions<V> {
  /** Encodes the value. Make it once for the module: what it has learnt of its registry stays with it. */
  format?: Format<V>
}

/** Where the brokers have put a record. */
export interface SentRecord {
  readonly partition: number
  readonly offset: number
}

export interface ProcessContext<S = unknown> {
  /**
   * Writes a record to a topic, by the main thread's idempotent producer. The handler's own record is finished, for its
   * offset and for the next of its key, once all that it sent is acknowledged by all replicas in sync, whether `send` was
   * awaited or not; what fails fails the record, which is then tried again, sends included: outputs are written at least
   * once. Give them `idempotencyKey`, where their readers must know a repeat.
   *
   * Await it in a loop: it is what slows the handler down when brokers are slow.
   *
   * @returns where the record is; rejects with ZK_SEND_FAILED when the brokers refuse it, with ZK_SEND_SUPERSEDED when its
   *   partition is another process's by now, and with the reason of `signal` when that aborts
   * @throws ZkError ZK_SEND_INVALID, ZK_SEND_TOO_LATE, ZK_SEND_OVERFLOW, at once
   */
  send(topic: string, record: OutgoingRecord): Promise<SentRecord>
  /** The same for a value that a format encodes. Rejects with the format's error where it cannot, which fails the record. */
  send<V>(
    topic: string,
    record: OutgoingRecord<V>,
    options: SendOptions<V> & { format: Format<V> },
  ): Promise<SentRecord>
  /**
   * Aborts when the handler should give up. Pass it on to what the handler awaits. Its reason is a `HandlerAbort`. A
   * handler that gives up because of `timeout` has failed; after the other reasons its record is read again.
   */
  readonly signal: AbortSignal
  /** 1 at first, and one more for each attempt that failed, or that brought its thread down. */
  readonly attempt: number
  /**
   * When the handler has to be done, in milliseconds since 1970; undefined where it has no deadline. Then `signal` aborts,
   * and `graceMs` later its thread is ended.
   */
  readonly deadline: number | undefined
  /**
   * Moves this attempt's deadline by so many milliseconds; for long jobs, as they get on. Where the thread is about to be
   * replaced, because of a handler that ignores its own deadline, one that is moved later is not waited for: the record is
   * delivered again, and not charged.
   * @returns whether there is a deadline and it was moved: one that has passed stays passed
   */
  extendDeadline(ms: number): boolean
  /** What `setup` returned in this thread. */
  readonly state: S
  /** Lines go to the main thread's logger, with thread, topic, partition and offset. */
  readonly log: Logger
  /** `topic-partition-offset`: the same for each delivery of the record, so that effects can be made once. */
  readonly idempotencyKey: string
  /**
   * What the hook `postRead` gave the record on the main thread, and `preProcessing` in this one; empty without them. It is
   * this attempt's own, to keep or change.
   */
  readonly values: ContextValues
  /** The sub-stream that the record came through: the index of its thread, 0 to speedup - 1. */
  readonly virtualPartition: number
}

export interface ThreadInfo<O = unknown> {
  /** 0 to speedup - 1. A thread that replaces a dead one has its index. */
  readonly index: number
  /** A copy of `processorOptions`. */
  readonly options: O
  readonly log: Logger
}

/** What every processor may have, whether its handler takes messages one by one or in batches. */
export interface ProcessorParts<V = Buffer, O = unknown, S = unknown> extends ThreadHooks<V, S> {
  /** Decodes values. Default: none, `message.value` is the Buffer. */
  format?: Format<V>
  /** Once in each thread, before its first message. What it returns is `ctx.state`. */
  setup?(thread: ThreadInfo<O>): S | Promise<S>
  /** Once in each thread that ends in order, after its last message. */
  teardown?(): void | Promise<void>
  /**
   * Whether another attempt can help after this error, asked while there are attempts left. Default: yes. Not asked after
   * a `ProcessError` that says `retryable: false`. An error that this throws counts as yes, and so does a promise.
   */
  retryable?(error: unknown): boolean
}

export interface Processor<V = Buffer, O = unknown, S = unknown> extends ProcessorParts<V, O, S> {
  /** Once for each record. The record is finished when it returns or resolves, and failed when it throws or rejects. */
  process(message: Message<V>, ctx: ProcessContext<S>): void | Promise<void>
  /** A processor has one of the two. */
  processBatch?: undefined
}

/** A processor whose handler takes several messages at a time, as for a bulk insert. `batch` of the work says how many. */
export interface BatchProcessor<V = Buffer, O = unknown, S = unknown> extends ProcessorParts<V, O, S> {
  /**
   * Messages in the order in which they were read, at least one; of a key there may be several. All are finished when it
   * returns or resolves, but for those that it names by `ctx.fail`. What it throws or rejects with says of none whose fault
   * it is: each is then tried alone, in a batch of one, and that one is charged.
   */
  processBatch(messages: readonly Message<V>[], ctx: BatchContext<S>): void | Promise<void>
  /** A processor has one of the two. */
  process?: undefined
}

/** What `processBatch` gets beside its messages. */
export interface BatchContext<S = unknown>
  extends Pick<ProcessContext<S>, 'send' | 'deadline' | 'extendDeadline' | 'state' | 'virtualPartition'> {
  /**
   * This message has failed, and those that are not named have not. It is tried again as `retry` says, and the messages of its
   * key behind it come again with it, whatever became of them. The first error of a message counts.
   * @throws ZkError ZK_BATCH_MESSAGE_UNKNOWN for one that is not of this batch
   */
  fail(message: Message<unknown>, error: unknown): void
  /**
   * What `process` would get for this message: its `attempt`, `idempotencyKey`, `values`, `log`. What is sent by its `send`
   * fails this message alone, and by the batch's all of them. Its deadline is the batch's.
   * @throws ZkError ZK_BATCH_MESSAGE_UNKNOWN
   */
  of(message: Message<unknown>): ProcessContext<S>
  /** Aborts when the handler should give up, for any of its messages: those of which nobody told it to are tried again. */
  readonly signal: AbortSignal
  /** Lines have topic, partition and offset of the first message. */
  readonly log: Logger
}
