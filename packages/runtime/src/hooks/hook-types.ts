/**
 * The eight lifecycle hooks: what each is given, and what it may give back. Types only.
 *
 * What a hook throws or rejects with, and a promise that it returns, change nothing: they are counted
 * (`zk_callback_errors_total`) and logged, and nobody waits. docs/guides/hooks.md has the table.
 */
import type { CircuitState, TopicPartition } from '@zk/engine'
import type { Headers, Message, OutgoingHeaders, ProcessContext } from '../processor-types.js'

/** What goes along with a record, by name: structured-cloneable where it comes from the main thread. */
export type ContextValues = Record<string, unknown>

/**
 * Of the main thread. Given to `createClient({ hooks })`, to `workFactory({ hooks })`, which replaces the client's, or to
 * `create({ hooks })`, which replaces the factory's.
 */
export interface Hooks {
  /** After each read that brought something: records, or the end of a partition, or an error. */
  postReadImmediate?(read: ReadAttempt): void | Promise<void>
  /**
   * For each record that was read of a partition that is ours, before it is handed to a thread. The values that it returns,
   * at most 16 KiB of them, are `ctx.values` in the thread, at each attempt and in each thread.
   */
  postRead?(message: ReadMessage, about: ReadAbout): ContextValues | void | Promise<void>
  /** After the records of a read have been given out: to threads, or to wait for their time or for room. */
  postFanout?(fanout: Fanout): void | Promise<void>
  /** Before a record is written: an output, a dead letter, or what a writer writes. Its headers take the place of those of the same name. */
  preWrite?(write: PendingWrite): AddedHeaders | void | Promise<void>
  /** After the brokers have acknowledged or refused a record, at each try. */
  postAck?(ack: WriteAck): void | Promise<void>
  /** After a circuit breaker has changed its state. */
  circuitBreakerStateChanged?(change: CircuitChange): void | Promise<void>
}

/** Of the worker threads: members of the processor, or of the module that `hooksModule` names. */
export interface ThreadHooks<V = unknown, S = unknown> {
  /** Before each attempt: before the value is decoded. The values that it returns are added to `ctx.values`. */
  preProcessing?(message: Message<V>, ctx: HookContext<S>): ContextValues | void | Promise<void>
  /** After each attempt, when the handler has returned or its promise has settled, also after its deadline. */
  postProcessing?(message: Message<V>, ctx: HookContext<S>, end: HandlerEnd): void | Promise<void>
}

/** All eight. */
export interface LifecycleHooks<V = unknown, S = unknown> extends Hooks, ThreadHooks<V, S> {}

export interface ReadAttempt {
  readonly groupId: string
  /** How many the read brought; 0 where it met the end of a partition, or an error. */
  readonly records: number
  /** Of their keys, values and headers. */
  readonly bytes: number
  /** What the consumer met while reading; `code` is librdkafka's. */
  readonly errors: readonly (Error & { readonly code: number })[]
}

/** A record that was read. Key, value and header values are copies: keep them as long as you like. */
export interface ReadMessage {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  /** Milliseconds since 1970, -1 when there is none. */
  readonly timestamp: number
  /** Null for a record without a key. */
  readonly key: Buffer | null
  /** Null for a tombstone. It is not decoded here: formats belong to the threads. */
  readonly rawValue: Buffer | null
  readonly headers: Headers
}

export interface ReadAbout {
  readonly groupId: string
  /** Of the hooks before it in a chain (`chainHooks`). */
  readonly values: Readonly<ContextValues>
  /** Records of its partition behind it, as far as they had been fetched when this is asked for; undefined when not known. */
  readonly lag: number | undefined
}

export interface Fanout {
  readonly groupId: string
  /** As in `ReadAttempt`. */
  readonly records: number
}

/** `output`: a handler sent it by `ctx.send`. `write`: a writer of the client's wrote it, without a work. */
export type WriteKind = 'output' | 'dead-letter' | 'write'

/** A record that is about to be written. What it holds are copies. */
export interface PendingWrite {
  /** Undefined for a writer, which has none. */
  readonly groupId: string | undefined
  readonly kind: WriteKind
  readonly topic: string
  /** Null for a record without a key. */
  readonly key: Buffer | null
  readonly headers: Headers
}

/** At most 16 KiB. Names may repeat where they are pairs. */
export interface AddedHeaders {
  headers?: OutgoingHeaders
}

export interface WriteAck {
  /** Undefined for a writer, which has none. */
  readonly groupId: string | undefined
  readonly kind: WriteKind
  readonly topic: string
  /** Where it is, or should have gone; -1 where that was not decided. */
  readonly partition: number
  /** -1 where it was not acknowledged. */
  readonly offset: number
  /** Why it was not acknowledged; `code` is librdkafka's. */
  readonly error: (Error & { readonly code: number }) | undefined
  /** From where it was handed to the producer to its answer, in milliseconds. */
  readonly durationMs: number
}

export interface CircuitChange {
  readonly groupId: string
  /** Undefined where one circuit is for the whole work. */
  readonly partition: TopicPartition | undefined
  readonly from: CircuitState
  readonly to: CircuitState
}

/** What hooks in a thread see of the handler's context: nothing by which they could change what becomes of the record. */
export interface HookContext<S = unknown>
  extends Pick<
    ProcessContext<S>,
    'attempt' | 'deadline' | 'idempotencyKey' | 'log' | 'signal' | 'state' | 'values' | 'virtualPartition'
  > {
  readonly groupId: string
}

/** How an attempt ended, as far as its handler goes: outputs that are not acknowledged yet may still fail it. */
export interface HandlerEnd {
  readonly status: 'done' | 'failed'
  /** What the handler threw or rejected with, or why the value did not decode; undefined with `done`. */
  readonly error: unknown
  /** What the handler took, in milliseconds. */
  readonly durationMs: number
}
