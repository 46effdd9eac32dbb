/**
 * What main and a thread say to each other.
 *
 * The data port carries records, acks and what must stay in order with them. Control (set-up, tear-down) is called
 * through comlink on a second port, because it is rare and answers are wanted. Ports are not ordered to each other.
 */
import type { MessagePort } from 'node:worker_threads'
import type { Ordering, PartitionSlot, TopicPartition } from '@zk/engine'
import type { RegistryAnswer, RegistryConfig } from '@zk/formats/registry'
import type { DescribedError } from '../describe-error.js'
import type { FailureCause } from '../failure-cause.js'
import type { HookFault } from '../hooks/hook-faults.js'
import type { LogBatch } from '../log/thread-log.js'
import type { AbortReason } from '../processor-types.js'
import type { TracePlace } from '../tracing/trace-place.js'
import type { RetryPolicy } from './retries.js'

/** Main to thread, on the data port. A bare ArrayBuffer is a frame of records. */
export type ToThread =
  | ArrayBuffer
  /** A frame of which some records have values, from the hook `postRead`: see `packed-values.ts`. */
  | { type: 'records'; frame: ArrayBuffer; values: ArrayBuffer }
  /** The name behind a slot; sent before the first frame that uses it. */
  | ({ type: 'partition'; slot: PartitionSlot } & TopicPartition)
  /** Running handlers of these slots should give up. */
  | { type: 'abort'; slots: readonly PartitionSlot[]; reason: Exclude<AbortReason, 'timeout'> }
  /** The deadline of this delivery has passed: abort its `ctx.signal`, and say `heard` at once. */
  | { type: 'timeout'; ticket: number; sequence: number }
  /** Say `here`: does the event loop turn? */
  | { type: 'ask' }
  /** Start nothing more, and try nothing again: the thread is about to be ended. */
  | { type: 'retire' }
  /** A cut on the board has changed, or whether records may start. */
  | { type: 'wake' }
  /** How many handlers may be in progress, on the board, has changed. */
  | { type: 'limit' }
  /** What became of sends: see `send-batch.ts`. */
  | { type: 'sent'; reports: ArrayBuffer; errors: readonly SendError[] }
  | RegistryAnswered

/** Thread to main, on the data port. */
export type FromThread =
  /** Ended deliveries, `ACK_WORDS` words each; a failed one has its error beside it. */
  | { type: 'acks'; acks: ArrayBuffer; failures: readonly DeliveryFailure[] }
  | { type: 'log'; batch: LogBatch }
  /** The answer to `timeout`: the event loop turns, whatever became of the delivery. */
  | { type: 'heard'; ticket: number; sequence: number }
  /** The answer to `ask`. */
  | { type: 'here' }
  /** What handlers sent: see `send-batch.ts`. Each is answered once. */
  | { type: 'sends'; batch: ArrayBuffer }
  /** Hooks of the user's have failed; nothing comes of it but a count and a line. */
  | { type: 'hook-errors'; faults: readonly HookFault[] }

/** The same: a format's request to its schema registry, which the main thread makes for all threads. */
export interface RegistryAsked {
  type: 'registry'
  /** Of the thread. */
  id: number
  config: RegistryConfig
  /** Undefined: is the configuration one? */
  request: { method: 'GET' | 'POST' | 'PUT' | 'DELETE'; path: string; body: string | undefined } | undefined
}

/** Each `registry` has one, unless its thread is gone. */
export interface RegistryAnswered {
  type: 'registry'
  id: number
  /** A string says what is wrong with the configuration. */
  answer: RegistryAnswer | string
}

/** Why a send was not acknowledged. */
export type SendError =
  /** Its delivery is no longer the record's, or the record no longer ours: nobody may write for it. */
  | { type: 'superseded' }
  /** librdkafka's code: negative for its own. */
  | { type: 'failed'; code: number; message: string }

export interface DeliveryFailure {
  ticket: number
  error: DescribedError
  cause: Extract<FailureCause, 'error' | 'timeout'>
  /** Of the attempt that failed; undefined where no traces are wanted. */
  span?: TracePlace | undefined
}

/** What a thread needs before its first record. */
export interface ThreadSetup {
  /** File URL of the module to import. */
  processorUrl: string
  /** The user's file, which errors name. */
  processorSource: string
  /** Structured clone of `processorOptions`. */
  options: unknown
  /** `'auto'`: the board says how many. */
  concurrency: number | 'auto'
  /** Of handlers that take batches: how large they become, and how long one waits for that. Undefined: where nobody says. */
  batch?: { maxSize: number; maxWaitMs: number } | undefined
  ordering: Ordering
  /** Rows of the in-flight table. */
  capacity: number
  /** A failed record that has no dead letter stops the work: the thread must start nothing after it. */
  stopOnFailure: boolean
  /** Failed records have one, unless their errors want none. */
  deadLetters: boolean
  retry: RetryPolicy
  /** Records of one partition may be held back while others start. */
  circuitPerPartition: boolean
  /** From the start of an attempt, in milliseconds; 0 for none. */
  processTimeoutMs: number
  /** Undefined for no limit. */
  maxExternalMb: number | undefined
  /** Where what runs is marked for the crash journal, and by how many threads; undefined without one. */
  marks: { file: string; threads: number } | undefined
  /** What hooks in the thread need; the processor's own are in it. */
  hooks?: ThreadHooksSetup | undefined
  /** Undefined where no traces are wanted. */
  tracing?: TracingSetup | undefined
}

export interface TracingSetup {
  groupId: string
  clientId: string
  /** Context is read from the headers of records, and written into those of outputs. */
  propagates: boolean
}

export interface ThreadHooksSetup {
  groupId: string
  /** The hooks module, as the processor's; undefined without one. */
  module: { url: string; source: string } | undefined
}

/** Answers of control calls are values, not exceptions: comlink keeps neither codes nor causes of errors. */
export type ThreadAnswer = { ok: true } | { ok: false; error: DescribedError }

/** Main to thread, on the control port. */
export interface ThreadControl {
  /** Imports the processor and runs its `setup`. */
  setup(setup: ThreadSetup): Promise<ThreadAnswer>
  /** Runs the processor's `teardown`; the last call. */
  teardown(): Promise<ThreadAnswer>
}

/** The argument of the task that is a thread's whole life. */
export interface ThreadTask {
  index: number
  data: MessagePort
  control: MessagePort
  board: SharedArrayBuffer
  /** Send what the processor prints on stdout to stderr: stdout belongs to the host program. */
  stdoutToStderr: boolean
}
