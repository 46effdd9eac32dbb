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

/** @returns undefined for a record that is no dead letter, or not one of those */
export function found(record: ScannedRecord, filter: LetterFilter): FoundLetter | undefined {
  const parsed = parseDeadLetter(record.headers)
  if (parsed === undefined) return undefined
  const { causes, key, origin, since, until } = filter
  if (causes !== undefined && !causes.includes(parsed.cause ?? '')) return undefined
  if (key !== undefined && !(record.key !== null && key.equals(record.key))) return undefined
  if (origin !== undefined && parsed.origin?.topic !== origin && parsed.first?.topic !== origin) return undefined
  const failedAt = parsed.failedAt ?? record.timestamp
  if (since !== undefined && failedAt < since) return undefined
  if (until !== undefined && failedAt >= until) return undefined
  return { record, parsed, failedAt }
}
