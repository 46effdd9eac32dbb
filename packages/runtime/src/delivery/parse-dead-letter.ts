/** Reads the headers of a dead letter, whoever wrote it in one of the three styles. */
import type { HeaderList, HeaderStyle } from './dead-letter.js'
import { connect, kip1191, own, spring } from './header-names.js'

export interface Place {
  readonly topic: string
  readonly partition: number
  readonly offset: number
}

export interface ParsedDeadLetter {
  readonly style: HeaderStyle
  /** Where it was read; undefined when that is not said, or not well. */
  readonly origin: Place | undefined
  /** Where it was before its first hop, when it has more than one behind it. */
  readonly first: Place | undefined
  /** How often it became a dead letter. */
  readonly hops: number
  readonly group: string | undefined
  readonly attempts: number | undefined
  /** Undefined when something else than this runtime wrote it. */
  readonly cause: string | undefined
  readonly exception: string | undefined
  readonly message: string | undefined
  readonly stack: string | undefined
  /** When it became a dead letter, milliseconds since 1970. */
  readonly failedAt: number | undefined
  /** Bytes of the value that was left off, because the topic would not take it. */
  readonly valueDropped: number | undefined
  /** Number of the headers that were left off, with the value or because the client could not write them. */
  readonly headersDropped: number | undefined
}

const STYLES: ReadonlyMap<string, HeaderStyle> = new Map([
  [kip1191.topic, 'zk'],
  [spring.topic, 'spring'],
  [connect.topic, 'connect'],
])

/** @returns undefined when the headers are those of no dead letter */
export function parseDeadLetter(headers: HeaderList): ParsedDeadLetter | undefined {
  if (headers.length === 0) return undefined
  const last = new Map<string, Buffer | null>(headers)
  const text = (name: string) => last.get(name)?.toString() ?? undefined
  const decimal = (name: string) => wholeNumber(text(name))
  const binary = (name: string) => bigEndian(last.get(name))
  const ours = {
    first: placeOf(text(own.firstTopic), decimal(own.firstPartition), decimal(own.firstOffset)),
    hops: decimal(own.hops) ?? 1,
    cause: text(own.cause),
    failedAt: decimal(own.timestamp),
    valueDropped: decimal(own.valueDropped),
    headersDropped: decimal(own.headersDropped),
  }
  const style = lastStyle(headers)
  if (style === 'zk') {
    return {
      ...ours,
      style,
      origin: placeOf(text(kip1191.topic), decimal(kip1191.partition), decimal(kip1191.offset)),
      group: text(kip1191.group),
      attempts: decimal(kip1191.deliveryCount),
      exception: text(own.exception),
      message: text(kip1191.message),
      stack: text(own.stack),
    }
  }
  if (style === 'spring') {
    return {
      ...ours,
      style,
      origin: placeOf(text(spring.topic), binary(spring.partition), binary(spring.offset)),
      group: text(spring.group),
      attempts: decimal(own.attempts),
      exception: text(spring.exception),
      message: text(spring.message),
      stack: text(spring.stack),
    }
  }
  if (style === 'connect') {
    return {
      ...ours,
      style,
      origin: placeOf(text(connect.topic), decimal(connect.partition), decimal(connect.offset)),
      group: text(connect.connector),
      attempts: decimal(own.attempts),
      exception: text(connect.exception),
      message: text(connect.message),
      stack: text(connect.stack),
    }
  }
  return undefined
}

/** Of a record that went through several systems: each adds its headers behind the others. */
function lastStyle(headers: HeaderList): HeaderStyle | undefined {
  const name = headers.findLast(([one]) => STYLES.has(one))?.[0]
  return name === undefined ? undefined : STYLES.get(name)
}

function placeOf(
  topic: string | undefined,
  partition: number | undefined,
  offset: number | undefined,
): Place | undefined {
  if (topic === undefined || topic === '' || partition === undefined || offset === undefined) return undefined
  return { topic, partition, offset }
}

function wholeNumber(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,16}$/.test(text) ? Number(text) : undefined
}

function bigEndian(bytes: Buffer | null | undefined): number | undefined {
  if (bytes?.length === 4) return bytes.readInt32BE()
  if (bytes?.length === 8) return Number(bytes.readBigInt64BE())
  return undefined
}
