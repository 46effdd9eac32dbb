/**
 * The headers of a dead letter: the record's own in their order, with null values, repeated names and any bytes, then where
 * it comes from and why it failed.
 *
 * A record that was a dead letter before (a chain of topics, or one that was read from another's dead letter topic) does not
 * collect headers at each hop until it is too large: those of the last hop replace those of the one before, and
 * `zk.dlt.first.*` keeps where it was first of all.
 */
import type { DescribedError } from '../describe-error.js'
import { cappedText } from './capped-text.js'
import type { DeadLetter, HeaderList, HeaderStyle } from './dead-letter.js'
import { connect, isReplaced, kip1191, own, spring } from './header-names.js'
import { parseDeadLetter } from './parse-dead-letter.js'

/** Of messages and names. */
const MAX_TEXT_BYTES = 1_024
const TIMESTAMP_TYPES = ['NoTimestampType', 'CreateTime', 'LogAppendTime'] as const

export interface HeaderOptions {
  style: HeaderStyle
  groupId: string
  /** Bytes of the stack's header; 0: none. */
  maxStackBytes: number
}

export function deadLetterHeaders(letter: DeadLetter, options: HeaderOptions): HeaderList {
  const { headers } = letter.record
  const before = parseDeadLetter(headers)
  const kept = before === undefined ? headers : headers.filter(([name]) => !isReplaced(name, options.style))
  const added: [string, Buffer][] = [...styled(letter, options)]
  added.push([own.cause, text(letter.cause)], [own.timestamp, text(letter.failedAt)])
  if (before !== undefined) {
    added.push([own.hops, text(before.hops + 1)])
    if (before.first === undefined && before.origin !== undefined) {
      const { topic, partition, offset } = before.origin
      added.push([own.firstTopic, text(topic)], [own.firstPartition, text(partition)], [own.firstOffset, text(offset)])
    }
  }
  return [...kept, ...added]
}

function styled(letter: DeadLetter, options: HeaderOptions): [string, Buffer][] {
  switch (options.style) {
    case 'zk':
      return ofZk(letter, options)
    case 'spring':
      return ofSpring(letter, options)
    case 'connect':
      return ofConnect(letter, options)
  }
}

function ofZk(letter: DeadLetter, { groupId, maxStackBytes }: HeaderOptions): [string, Buffer][] {
  return [
    [kip1191.topic, text(letter.topic)],
    [kip1191.partition, text(letter.partition)],
    [kip1191.offset, text(letter.offset)],
    [kip1191.group, text(groupId)],
    [kip1191.deliveryCount, text(letter.attempts)],
    [kip1191.message, text(messageOf(letter))],
    [own.exception, text(exceptionOf(letter))],
    ...stackHeader(own.stack, letter, maxStackBytes),
  ]
}

function ofSpring(letter: DeadLetter, { groupId, maxStackBytes }: HeaderOptions): [string, Buffer][] {
  const { timestamp, timestampType } = letter.record
  const cause = letter.error?.cause
  return [
    [spring.topic, text(letter.topic)],
    [spring.partition, int32(letter.partition)],
    [spring.offset, int64(letter.offset)],
    [spring.timestamp, int64(timestamp)],
    [spring.timestampType, text(TIMESTAMP_TYPES[timestampType] ?? TIMESTAMP_TYPES[0])],
    [spring.group, text(groupId)],
    [spring.exception, text(exceptionOf(letter))],
    ...(cause === undefined ? [] : [[spring.exceptionCause, text(cause.name)] as [string, Buffer]]),
    [spring.message, text(messageOf(letter))],
    ...stackHeader(spring.stack, letter, maxStackBytes),
    [own.attempts, text(letter.attempts)],
  ]
}

function ofConnect(letter: DeadLetter, { groupId, maxStackBytes }: HeaderOptions): [string, Buffer][] {
  return [
    [connect.topic, text(letter.topic)],
    [connect.partition, text(letter.partition)],
    [connect.offset, text(letter.offset)],
    [connect.connector, text(groupId)],
    // Connect's readers expect a number; there are no tasks here.
    [connect.task, text(0)],
    [connect.stage, text('TASK_PUT')],
    [connect.class, text('@zk/runtime')],
    [connect.exception, text(exceptionOf(letter))],
    [connect.message, text(messageOf(letter))],
    ...stackHeader(connect.stack, letter, maxStackBytes),
    [own.attempts, text(letter.attempts)],
  ]
}

function exceptionOf({ error, cause }: DeadLetter): string {
  if (error === undefined) return cause
  return error.code === undefined ? error.name : `${error.name} (${error.code})`
}

function messageOf({ error, cause }: DeadLetter): string {
  return error?.message ?? `its thread ended (${cause}) before it could say why`
}

function stackHeader(name: string, { error }: DeadLetter, maxBytes: number): [string, Buffer][] {
  const stack = error === undefined ? undefined : stackOf(error)
  return stack === undefined || maxBytes === 0 ? [] : [[name, headerText(stack, maxBytes)]]
}

function stackOf({ stack, cause }: DescribedError): string | undefined {
  const because = cause === undefined ? undefined : (stackOf(cause) ?? `${cause.name}: ${cause.message}`)
  if (stack === undefined || because === undefined) return stack
  return `${stack}\nCaused by: ${because}`
}

function text(value: string | number): Buffer {
  return headerText(String(value), MAX_TEXT_BYTES)
}

/** A NUL, which an error quotes (as JSON.parse does) and some clients take for the end, is shown by its sign. */
function headerText(words: string, maxBytes: number): Buffer {
  return cappedText(words.replaceAll('\0', '\u2400'), maxBytes)
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}

function int64(value: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigInt64BE(BigInt(value))
  return bytes
}
