/** Parsers of command line values that say what was expected. */
import { readFileSync } from 'node:fs'
import { InvalidArgumentError } from 'commander'

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

export function counts(text: string): number[] {
  return text.split(',').map(count)
}

export function list(text: string, previous: string[] = []): string[] {
  return [...previous, ...text.split(',').map((item) => item.trim())]
}

/** `key=value`, repeatable. Values stay text: librdkafka takes all of its properties as text. */
export function property(text: string, previous: Record<string, string> = {}): Record<string, string> {
  const at = text.indexOf('=')
  if (at < 1) throw new InvalidArgumentError('Expected key=value.')
  return { ...previous, [text.slice(0, at)]: text.slice(at + 1) }
}

export function jsonFile(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch (error) {
    // Where JSON is wrong, Node quotes what stands around it, which may be a secret.
    const why = (error as Error).message.replace(/, (\.\.\.)?".*/s, '')
    throw new InvalidArgumentError(`Expected a file of JSON: ${why}`)
  }
}
