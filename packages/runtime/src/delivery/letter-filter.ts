/** Which dead letters `zk dlt` is asked about. */
import type { ScannedRecord } from '../kafka/topic-scan.js'
import type { ParsedDeadLetter } from './parse-dead-letter.js'
import { parseDeadLetter } from './parse-dead-letter.js'

export interface LetterFilter {
  /** Any of these. */
  causes?: readonly string[] | undefined
  /** Exactly these bytes. */
  key?: Buffer | undefined
  /** The topic that it was read from last, or first of all. */
  origin?: string | undefined
  /** Milliseconds since 1970, by when it became a dead letter: from the first, before the second. */
  since?: number | undefined
  until?: number | undefined
}

export interface FoundLetter {
  readonly record: ScannedRecord
  readonly parsed: ParsedDeadLetter
  /** When it became a dead letter; the record's own time, where its headers do not say. */
  readonly failedAt: number
}

/** @returns undefined for a record that is no dead letter */
export function letterIn(record: ScannedRecord): FoundLetter | undefined {
  const parsed = parseDeadLetter(record.headers)
  return parsed && { record, parsed, failedAt: parsed.failedAt ?? record.timestamp }
}

export function isAskedFor({ record, parsed, failedAt }: FoundLetter, filter: LetterFilter): boolean {
  const { causes, key, origin, since, until } = filter
  if (causes !== undefined && !causes.includes(parsed.cause ?? '')) return false
  if (key !== undefined && !(record.key !== null && key.equals(record.key))) return false
  if (origin !== undefined && parsed.origin?.topic !== origin && parsed.first?.topic !== origin) return false
  return (since === undefined || failedAt >= since) && (until === undefined || failedAt < until)
}

/** @returns undefined for a record that is no dead letter, or not one of those */
export function found(record: ScannedRecord, filter: LetterFilter): FoundLetter | undefined {
  const letter = letterIn(record)
  return letter !== undefined && isAskedFor(letter, filter) ? letter : undefined
}
