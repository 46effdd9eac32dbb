/** The messages that a processor is measured on: made up, from a file, or read from a topic; used in turn. */
import { InvalidArgumentError } from 'commander'
import { linesOrBytes, MAX_VALUE_BYTES } from '../options.js'

export interface SampleRecord {
  readonly key: Buffer | null
  readonly value: Buffer | null
  /** In this order; names may come more than once. */
  readonly headers: readonly (readonly [name: string, value: Buffer | null])[]
}

/** So much of a topic is enough to know its messages, and fits into memory. */
const MAX_SAMPLE_BYTES = 64 * 1024 * 1024

/** Of a record in a partition, besides key, value and headers. */
const RECORD_BYTES = 32

/** So many keys in turn, and the values in turn. */
export function generatedRecords(keys: number, values: readonly Buffer[]): SampleRecord[] {
  return Array.from({ length: Math.max(keys, values.length) }, (_, i) => ({
    key: Buffer.from(`key-${i % keys}`),
    value: values[i % values.length]!,
    headers: [],
  }))
}

/**
 * Of `.jsonl` and `.ndjson` each line is a record: `{"value": …, "key": …, "headers": {…}}`. Texts are UTF-8, or base64 with
 * `"encoding": "base64"`; null is null; any other value is written as JSON. Of another file the bytes are the one value.
 *
 * @throws InvalidArgumentError that names the line
 */
export function recordsOfFile(file: string): SampleRecord[] {
  const records = linesOrBytes(file).flatMap((part, i): SampleRecord[] => {
    if (typeof part !== 'string') return [{ key: null, value: part, headers: [] }]
    return part.trim() === '' ? [] : [recordOfLine(part, i + 1)]
  })
  if (records.length === 0) throw new InvalidArgumentError('Expected a line for each record; it has none.')
  if (records.some((record) => bytesOf(record) > MAX_VALUE_BYTES)) {
    throw new InvalidArgumentError(`Expected records of at most ${MAX_VALUE_BYTES} bytes.`)
  }
  return records
}

function recordOfLine(line: string, number: number): SampleRecord {
  let given: unknown
  try {
    given = JSON.parse(line)
  } catch {
    // Node's own words quote the line, which may be somebody's data.
    throw new InvalidArgumentError(`Expected JSON in line ${number}.`)
  }
  if (!isObject(given) || !Object.hasOwn(given, 'value')) {
    throw new InvalidArgumentError(`Expected an object with "value" in line ${number}; --value takes bare values.`)
  }
  const { key = null, value, headers = {}, encoding = 'utf8', ...others } = given
  const strange = Object.keys(others)[0]
  if (strange !== undefined) {
    throw new InvalidArgumentError(
      `Unknown field "${strange}" in line ${number}. Expected key, value, headers, encoding.`,
    )
  }
  if (encoding !== 'utf8' && encoding !== 'base64') {
    throw new InvalidArgumentError(`Expected "encoding" to be "utf8" or "base64" in line ${number}.`)
  }
  if (!isObject(headers)) throw new InvalidArgumentError(`Expected "headers" to be an object in line ${number}.`)
  const bytes = (part: unknown) => bytesOfPart(part, encoding)
  return {
    key: bytes(key),
    value: bytes(value),
    // A name that comes more than once has an array of values.
    headers: Object.entries(headers).flatMap(([name, part]) => [part].flat().map((one) => [name, bytes(one)] as const)),
  }
}

function bytesOfPart(part: unknown, encoding: 'utf8' | 'base64'): Buffer | null {
  if (part === null) return null
  return typeof part === 'string' ? Buffer.from(part, encoding) : Buffer.from(JSON.stringify(part))
}

function isObject(given: unknown): given is Record<string, unknown> {
  return typeof given === 'object' && given !== null && !Array.isArray(given)
}

/** The first of a topic, at most so many and 64 MiB of them. */
export async function firstRecords(scan: AsyncIterable<SampleRecord>, limit: number): Promise<SampleRecord[]> {
  const records: SampleRecord[] = []
  let bytes = 0
  for await (const { key, value, headers } of scan) {
    records.push({ key, value, headers })
    bytes += bytesOf({ key, value, headers })
    if (records.length === limit || bytes >= MAX_SAMPLE_BYTES) break
  }
  return records
}

/** Of key, value and headers. */
function bytesOf({ key, value, headers }: SampleRecord): number {
  const ofHeaders = headers.reduce((sum, [name, one]) => sum + name.length + (one?.length ?? 0), 0)
  return (key?.length ?? 0) + (value?.length ?? 0) + ofHeaders
}

/** On average. */
export function meanBytes(records: readonly SampleRecord[]): number {
  return records.reduce((sum, record) => sum + bytesOf(record), 0) / records.length
}

/** As {@link meanBytes}, with what a record has in a partition besides. */
export function storedBytes(records: readonly SampleRecord[]): number {
  return meanBytes(records) + RECORD_BYTES
}

/** How many different keys there are; 0 where a record has none, and so is in nobody's order. */
export function distinctKeys(records: readonly SampleRecord[]): number {
  if (records.some(({ key }) => key === null)) return 0
  return keyCounts(records).size
}

/** Which share of the records has the most frequent key, 0 to 1; 0 where none has a key. */
export function hottestKey(records: readonly SampleRecord[]): number {
  let most = 0
  for (const count of keyCounts(records).values()) most = Math.max(most, count)
  return most / records.length
}

function keyCounts(records: readonly SampleRecord[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const { key } of records) {
    if (key === null) continue
    const text = key.toString('latin1')
    counts.set(text, (counts.get(text) ?? 0) + 1)
  }
  return counts
}
