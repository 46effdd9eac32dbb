export { Client, createClient, type WorkFactory, type WorkFactoryOptions } from './client.js'
export type { ClientInput } from './config/client-config.js'
export type { ReaderInput } from './config/reader-config.js'
export type { OAuthToken, SaslInput, TokenCallback } from './config/sasl.js'
export type { TlsInput } from './config/tls.js'
export type { WorkInput } from './config/work-config.js'
export type { WriterInput } from './config/writer-config.js'
export { type ErrorCode, errors } from './errors.js'
export { explainError } from './explain-error.js'
export type { FailureCause } from './failure-cause.js'
export type { Block } from './health/main-thread.js'
export type { HeldWindow, RecordPlace, RunningHandler, Since, Stall, StallCause } from './health/stall.js'
export type { Verdict, WorkHealth } from './health/work-health.js'
export { chainHooks } from './hooks/chain-hooks.js'
export type {
  AddedHeaders,
  CircuitChange,
  ContextValues,
  Fanout,
  HandlerEnd,
  HookContext,
  Hooks,
  LifecycleHooks,
  PendingWrite,
  ReadAbout,
  ReadAttempt,
  ReadMessage,
  ThreadHooks,
  WriteAck,
  WriteKind,
} from './hooks/hook-types.js'
export type { Logger } from './log/logger.js'
export { ProcessError, type ProcessErrorOptions } from './process-error.js'
export type {
  Headers,
  Message,
  OutgoingHeaders,
  OutgoingRecord,
  ProcessContext,
  Processor,
  SendOptions,
  SentRecord,
  ThreadInfo,
} from './processor-types.js'
export { Reader, type ReadOptions } from './reader/reader.js'
export type { ReaderMessage } from './reader/reader-message.js'
export type { PropagatorLike, TracerLike } from './tracing/otel.js'
export { headerGetter } from './tracing/trace-headers.js'
export type { DoneMessage, DoneOutcome, OnDone } from './work/done-callbacks.js'
export type { RunSignals, WorkEvent } from './work/events.js'
export type { PartitionSnapshot, ThreadSnapshot, WorkState } from './work/state.js'
export type { BlockedRecord, RunSummary } from './work/summary.js'
export { type RunOptions, Work } from './work.js'
export { type WriteOptions, Writer } from './writer/writer.js'
export { ZkError } from './zk-error.js'
