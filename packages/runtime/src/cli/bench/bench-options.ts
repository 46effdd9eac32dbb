/** Parsers of the values that only `zk bench` takes; they say what was expected. */
import { closeSync, lstatSync, openSync, rmSync } from 'node:fs'
import { InvalidArgumentError } from 'commander'
import type { FieldDoc } from '../../config/fields.js'
import { workSchema } from '../../config/work-config.js'
import { concurrencies, counts } from '../options.js'
import type { Concurrency } from './figures.js'

/** Numbers of threads that a work may have. */
export function speedups(text: string): number[] {
  return ofWork('speedup', counts(text))
}

/** Numbers of handlers that a work may have in a thread, or `auto`. */
export function concurrenciesOfWork(text: string): Concurrency[] {
  return ofWork('concurrency', concurrencies(text))
}

/** Told before anything is measured, and not by the first work that has so many. */
function ofWork<T extends Concurrency>(field: 'speedup' | 'concurrency', given: T[]): T[] {
  const schema = workSchema.shape[field]
  if (given.every((one) => schema.safeParse(one).success)) return given
  throw new InvalidArgumentError(`Expected ${(schema.meta() as unknown as FieldDoc).expected}.`)
}

export function seconds(text: string): number {
  const number = Number(text)
  if (!(number >= 0.05 && number <= 3_600)) throw new InvalidArgumentError('Expected seconds, 0.05 to 3600.')
  return number
}

/** Told now: a report is written at the end, and minutes of measuring would be lost. Nothing is left behind until then. */
export function writable(file: string): string {
  try {
    const isNew = lstatSync(file, { throwIfNoEntry: false }) === undefined
    closeSync(openSync(file, 'a'))
    if (isNew) rmSync(file)
  } catch (error) {
    throw new InvalidArgumentError(`Expected a file that can be written: ${(error as Error).message}.`)
  }
  return file
}
