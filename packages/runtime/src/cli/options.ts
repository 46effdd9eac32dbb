/** Parsers of command line values that say what was expected. */
import { readFileSync } from 'node:fs'
import { InvalidArgumentError } from 'commander'
import { topicName } from '../config/fields.js'
import { isPattern } from '../config/topic-pattern.js'
import { isJsonItself, withoutQuotes } from './config-file.js'

export function integer(text: string): number {
  if (!/^-?\d+$/.test(text)) throw new InvalidArgumentError('Expected a whole number.')
  return Number(text)
}

/** For what nobody checks behind the option; the configuration checks its own numbers. */
export function count(text: string): number {
  const number = integer(text)
  if (number < 1) throw new InvalidArgumentError('Expected a whole number from 1.')
  return number
}

/** 0 takes a free one. */
export function port(text: string): number {
  const number = integer(text)
  if (number < 0 || number > 65_535) throw new InvalidArgumentError('Expected a port, 0 to 65535.')
  return number
}

export function counts(text: string): number[] {
  return text.split(',').map(count)
}

/** A number of handlers, or `auto`. */
export function concurrency(text: string): number | 'auto' {
  if (text !== 'auto' && !/^-?\d+$/.test(text)) throw new InvalidArgumentError('Expected a whole number, or auto.')
  return text === 'auto' ? text : integer(text)
}

export function concurrencies(text: string): (number | 'auto')[] {
  return text.split(',').map((one) => (one === 'auto' ? one : count(one)))
}

export function list(text: string, previous: string[] = []): string[] {
  return [...previous, ...text.split(',').map((item) => item.trim())]
}

/** Names of topics that are to be made, each once. */
export function topicNames(text: string, previous: string[] = []): string[] {
  const names = list(text)
  for (const name of names) {
    if (isPattern(name)) throw new InvalidArgumentError('Expected names, not a pattern.')
    const { error } = topicName.safeParse(name)
    if (error !== undefined) throw new InvalidArgumentError(`${error.issues[0]!.message}.`)
  }
  return [...new Set([...previous, ...names])]
}

/** librdkafka sends nothing larger than 1,000,000 bytes with key and headers, unless it is told to. */
export const MAX_VALUE_BYTES = 900_000

export function valueSize(text: string): number {
  const size = count(text)
  if (size > MAX_VALUE_BYTES) throw new InvalidArgumentError(`Expected at most ${MAX_VALUE_BYTES}.`)
  return size
}

/** The file's bytes are one value; with .jsonl or .ndjson each line is one. */
export function valuesOfFile(file: string): Buffer[] {
  const values = linesOrBytes(file).flatMap((part) => (part === '' ? [] : [Buffer.from(part)]))
  if (values.length === 0) throw new InvalidArgumentError('Expected a line for each value; it has none.')
  if (values.some(({ length }) => length > MAX_VALUE_BYTES)) {
    throw new InvalidArgumentError(`Expected values of at most ${MAX_VALUE_BYTES} bytes.`)
  }
  return values
}

/** The lines of .jsonl and .ndjson, with empty ones among them; of another file its bytes. */
export function linesOrBytes(file: string): string[] | [Buffer] {
  let bytes: Buffer
  try {
    bytes = readFileSync(file)
  } catch (error) {
    throw new InvalidArgumentError(`Expected a file: ${(error as Error).message}.`)
  }
  // TextDecoder leaves out the mark that some editors put first, which is no JSON.
  return /\.(jsonl|ndjson)$/.test(file) ? new TextDecoder().decode(bytes).split(/\r?\n/) : [bytes]
}

/** `key=value`, repeatable. Values stay text: librdkafka takes all of its properties as text. */
export function property(text: string, previous: Record<string, string> = {}): Record<string, string> {
  const at = text.indexOf('=')
  if (at < 1) throw new InvalidArgumentError('Expected key=value.')
  return { ...previous, [text.slice(0, at)]: text.slice(at + 1) }
}

export function jsonFile(file: string): unknown {
  if (isJsonItself(file)) throw new InvalidArgumentError('Expected a file of JSON, not the JSON itself.')
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch (error) {
    throw new InvalidArgumentError(`Expected a file of JSON: ${withoutQuotes((error as Error).message)}`)
  }
}
