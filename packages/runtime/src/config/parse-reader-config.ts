/** From what `client.reader` was given to a checked configuration, or to one error that lists all that is wrong with it. */
import type { ClientConfig } from './client-config.js'
import { parseWorkConfig } from './parse-config.js'
import { parse, problemsError } from './problems.js'
import { type ReaderConfig, readerSchema, sharedWithWork } from './reader-config.js'

const NAME = 'reader configuration'

/**
 * A reader is judged as the work would be that it is a part of, so that what is a mistake or a contradiction there is one here.
 *
 * @throws ZkError as `parseWorkConfig`
 */
export function parseReaderConfig(input: unknown, client: ClientConfig): ReaderConfig {
  const { value, problems } = parse(readerSchema, input)
  if (value === undefined) throw problemsError(NAME, problems)
  const { format: _format, logger: _logger, ...given } = input as Record<string, unknown>
  const work = parseWorkConfig({ ...given, processor: NAME, speedup: 1 }, client, undefined, NAME)
  const shared = Object.entries(work).filter(([field]) => Object.hasOwn(sharedWithWork, field))
  const { format, logger } = value
  return { ...(Object.fromEntries(shared) as Omit<ReaderConfig, 'format' | 'logger'>), format, logger }
}
