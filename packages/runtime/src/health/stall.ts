/**
 * A partition that stands still although there is something to do, why, and the sentence that says so.
 *
 * The causes are a closed union: a new one breaks the build where it is not yet told.
 */
import type { TopicPartition } from '@zk/engine'
import { assertNever } from '../assert-never.js'

/** Since when, in words of the wall clock, and for how long. */
export interface Since {
  /** ISO 8601, UTC. */
  since: string
  forMs: number
}

/** A record that is in progress. */
export interface RecordPlace extends TopicPartition {
  offset: number
  /** The key as text, or as hex where it is no text; null for a null key. */
  key: string | null
}

/** A record whose handler has not ended. */
export interface RunningHandler extends RecordPlace, Since {
  thread: number
  attempt: number
}

export type StallCause =
  /** The handler's promise is pending, or what it sent is not acknowledged, and its thread's event loop turns. */
  | { type: 'sleeping'; handler: RunningHandler }
  /** The thread's event loop does not turn: a handler computes, or waits in a blocking call. Undefined: something else there. */
  | { type: 'spinning'; thread: number; handler: RunningHandler | undefined }
  /** The handler failed, and the attempt that is named is due in so many milliseconds. */
  | { type: 'backoff'; thread: number; attempt: number; dueInMs: number }
  /** The record waits in its thread behind others, which come to their end. `queued`: how many wait there. */
  | { type: 'queued'; thread: number; queued: number; handler: RunningHandler | undefined }
  /** The thread that the record is pinned to has died or is being replaced. */
  | ({ type: 'thread-starting'; thread: number } & Since)
  /** There is no room in the window; most of it has the partition that is named. */
  | { type: 'window'; heldBy: HeldWindow; handler: RunningHandler | undefined }
  /** The record failed for good, and the dead letter topic has not taken it; the reason, when it refuses. */
  | ({ type: 'dead-letter'; deadLetterTopic: string; reason: string | undefined } & Since)
  /** Too many records failed in a row: none starts, of all or of the partition, but for one that is tried when half-open. */
  | ({ type: 'circuit-open'; scope: 'work' | 'partition'; state: 'open' | 'half-open' } & Since)
  /**
   * Another record runs alone first, in the thread or in the whole process, because it may have killed the one before; or
   * the record itself is that one, and waits until nothing else runs.
   */
  | { type: 'alone'; within: 'thread' | 'process'; record: RecordPlace; handler: RunningHandler | undefined }
  /** The partition is to be given back, or the run ends, and handlers that had started have not ended. */
  | ({ type: 'draining'; handler: RunningHandler | undefined } & Since)
  /** The process stood still, and the group has not confirmed yet that the partition is ours: nothing of it starts. */
  | ({ type: 'frozen' } & Since)
  /** Nothing of the partition is in progress, and the broker sends nothing. */
  | ({ type: 'broker-silent' } & Since)
  /** None of these: a fault of the runtime. */
  | { type: 'unexplained'; thread: number }

export interface HeldWindow extends TopicPartition {
  messages: number
  bytes: number
}

export interface Stall extends TopicPartition, Since {
  /** Where it stands: the lowest offset that is not finished; undefined before the first record. */
  watermark: number | undefined
  /** Records between the watermark and the partition's end; undefined while the end is not known. */
  lag: number | undefined
  /** The key of the record at the watermark, null for a null key; undefined when the record is not in progress. */
  key: string | null | undefined
  cause: StallCause
}

/** One sentence: where it stands, since when, and what it waits for. */
export function describeStall(stall: Stall): string {
  const { watermark, lag, key, cause } = stall
  const where = watermark === undefined ? 'before its first record' : `at offset ${watermark}${keyed(key)}`
  const lags = lag === undefined ? 'a lag that is not known' : `a lag of ${lag}`
  return `${bracketed(stall)} stands ${where} since ${time(stall)} with ${lags}: ${describeCause(cause, stall)}`
}

function describeCause(cause: StallCause, stall: Stall): string {
  switch (cause.type) {
    case 'sleeping':
      return `${theHandler(cause.handler, stall)} and waits for something (sleeping)`
    case 'spinning': {
      const what = cause.handler === undefined ? 'no handler runs there' : theHandler(cause.handler, stall)
      return `the event loop of thread ${cause.thread} does not turn: ${what} (spinning)`
    }
    case 'backoff': {
      const due = `${(cause.dueInMs / 1000).toFixed(1)} s`
      return `its handler failed, and attempt ${cause.attempt} follows in thread ${cause.thread} in ${due} (backoff)`
    }
    case 'queued': {
      const line = `it waits in thread ${cause.thread}, where ${cause.queued} records wait and others come to their end`
      return `${line}${because(cause.handler, stall)} (queued)`
    }
    case 'thread-starting':
      return `it waits for thread ${cause.thread}, which is being replaced since ${time(cause)} (thread-starting)`
    case 'window': {
      const { messages, bytes } = cause.heldBy
      const held = `${bracketed(cause.heldBy)} holds ${messages} messages and ${bytes} bytes of it`
      return `the window is full, and ${held}${because(cause.handler, stall)} (window)`
    }
    case 'dead-letter': {
      const { deadLetterTopic, reason } = cause
      const why =
        reason === undefined ? `does not answer since ${time(cause)}` : `refuses since ${time(cause)}: ${reason}`
      return `it failed for good, and the dead letter topic ${deadLetterTopic} ${why} (dead-letter)`
    }
    case 'circuit-open': {
      const whose = cause.scope === 'work' ? 'the work' : bracketed(stall)
      const one = cause.state === 'open' ? '' : ', but for one that is tried,'
      return `too many records failed in a row, and none of ${whose} starts${one} since ${time(cause)} (circuit-open)`
    }
    case 'alone':
      return `${alone(cause, stall)}${because(cause.handler, stall)} (alone)`
    case 'draining':
      return `it is draining since ${time(cause)}${because(cause.handler, stall)} (draining)`
    case 'frozen':
      return `the process stood still, and the group has not confirmed its assignment since ${time(cause)} (frozen)`
    case 'broker-silent':
      return `nothing of it is in progress, and the broker has sent nothing since ${time(cause)} (broker-silent)`
    case 'unexplained':
      return `its record is in thread ${cause.thread}, where nothing runs; please report this (unexplained)`
    default:
      return assertNever(cause)
  }
}

function alone({ within, record }: StallCause & { type: 'alone' }, stall: Stall): string {
  if (isAt(record, stall)) return 'it was running when the process died, and waits until nothing else runs'
  const place = `${bracketed(record)}@${record.offset}${keyed(record.key)}`
  return within === 'thread'
    ? `it waits while ${place}, which may have killed the thread before, is tried alone`
    : `it waits while ${place}, which was running when the process died, is tried alone in the whole process`
}

function theHandler(handler: RunningHandler, stall: Stall): string {
  const { offset, key, thread, attempt } = handler
  const own = isAt(handler, stall)
  const which = own ? 'its handler' : `the handler of ${bracketed(handler)}@${offset}${keyed(key)}`
  const again = attempt === 1 ? '' : `, attempt ${attempt},`
  return `${which}${again} runs in thread ${thread} since ${time(handler)}`
}

function isAt({ topic, partition, offset }: RecordPlace, stall: Stall): boolean {
  return topic === stall.topic && partition === stall.partition && offset === stall.watermark
}

function because(handler: RunningHandler | undefined, stall: Stall): string {
  return handler === undefined ? '' : `, where ${theHandler(handler, stall)}`
}

function keyed(key: string | null | undefined): string {
  if (key === undefined) return ''
  return key === null ? ' (no key)' : ` (key ${key})`
}

function time({ since, forMs }: Since): string {
  return `${since} (${(forMs / 1000).toFixed(forMs < 10_000 ? 1 : 0)} s)`
}

/** `orders[0]`. */
function bracketed({ topic, partition }: TopicPartition): string {
  return `${topic}[${partition}]`
}
