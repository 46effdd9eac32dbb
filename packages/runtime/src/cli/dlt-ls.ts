import { Command } from 'commander'
import { consumerProperties } from '../config/properties.js'
import { type FoundLetter, found } from '../delivery/letter-filter.js'
import type { Place } from '../delivery/parse-dead-letter.js'
import { timesReplayed } from '../delivery/replay-record.js'
import { shownBytes } from '../delivery/shown-bytes.js'
import { isoTime } from '../iso-time.js'
import { withKafka } from '../kafka/load-kafka.js'
import { createLogger } from '../log/create-logger.js'
import { configOf, filterOf, type LetterFlags, withLetterOptions } from './dlt-options.js'
import { count } from './options.js'
import { formatTable, printJson } from './output.js'
import { stdoutRoom, writeLine } from './stdout.js'

interface LsFlags extends LetterFlags {
  limit?: number
  details?: boolean
}

/** Rows of a table that nobody asked to be longer. */
const DEFAULT_ROWS = 100
const MAX_ERROR_CHARACTERS = 60

export function dltLsCommand(): Command {
  return withLetterOptions(new Command('ls'))
    .description('Lists the dead letters of a topic: when, why, where from, which key.')
    .option('--limit <n>', `at most so many (default: ${DEFAULT_ROWS}, with --json all)`, count)
    .option('--details', 'everything that is known of each, with its stack')
    .addHelpText(
      'after',
      `
It reads the topic from its beginning to where it ends now, in no group. AT is the place in the dead letter topic, ORIGIN where the
record was read, FAILED when it became a dead letter (the record keeps its own timestamp). A cause is missing where something
else than zk wrote the dead letter.

Examples:
  zk dlt ls --brokers localhost:9092 --topic orders.dlt --since 2h
  zk dlt ls --brokers localhost:9092 --topic orders.dlt --key customer-17 --details
  zk dlt ls --brokers localhost:9092 --topic orders.dlt --json | jq -r 'select(.event == "letter") | .message'`,
    )
    .action(ls)
}

async function ls(flags: LsFlags): Promise<void> {
  const { json, details, limit = json ? Number.POSITIVE_INFINITY : DEFAULT_ROWS } = flags
  const { client, work } = await configOf(flags, 'zk dlt ls --help')
  const [topic] = flags.topic as [string]
  const { scanTopic, Credentials } = await withKafka(async () => ({
    ...(await import('../kafka/topic-scan.js')),
    ...(await import('../kafka/credentials.js')),
  }))
  const { bootstrapServers } = work
  const properties = consumerProperties(work, client)
  const logger = createLogger({ level: 'error', output: 'stderr' })
  const credentials = new Credentials(work, logger)
  await credentials.open()
  const filter = filterOf(flags)
  const rows: (string | number)[][] = []
  const causes = new Map<string, number>()
  let records = 0
  let letters = 0
  const scanned = scanTopic({ topic, bootstrapServers, properties, credentials, reader: 'auto', logger })
  for await (const record of scanned) {
    records++
    const letter = found(record, filter)
    if (letter === undefined) continue
    letters++
    const cause = letter.parsed.cause ?? 'unknown'
    causes.set(cause, (causes.get(cause) ?? 0) + 1)
    if (letters > limit) continue
    if (json) printJson({ event: 'letter', ...describe(letter) })
    else if (details) writeLine(block(letter))
    else rows.push(row(letter))
    await stdoutRoom()
  }
  credentials.close()
  if (json) {
    printJson({ event: 'end', topic, records, letters, causes: Object.fromEntries(causes) })
    return
  }
  if (rows.length > 0) writeLine(formatTable([['AT', 'FAILED', 'CAUSE', 'ORIGIN', 'TRIES', 'KEY', 'ERROR'], ...rows]))
  writeLine(summary({ topic, records, letters, causes, limit }))
}

function row({ record, parsed, failedAt }: FoundLetter): (string | number)[] {
  const error = [parsed.exception, parsed.message].filter((part) => part !== undefined).join(': ')
  return [
    `${record.partition}@${record.offset}`,
    timeOf(failedAt),
    parsed.cause ?? '',
    placeOf(parsed.origin),
    parsed.attempts ?? '',
    shownBytes(record.key, 24) ?? '(null)',
    oneLine(error),
  ]
}

/** As plain data, for machines. */
function describe({ record, parsed, failedAt }: FoundLetter): Record<string, unknown> {
  const { style, origin, first, hops, group, attempts, cause, exception, message, stack } = parsed
  return {
    partition: record.partition,
    offset: record.offset,
    failedAt: isoOf(failedAt) ?? null,
    ...{ cause, origin, first, hops, group, attempts, exception, message, stack, style },
    key: record.key === null ? null : shownBytes(record.key, Number.POSITIVE_INFINITY),
    valueBytes: record.value?.length ?? null,
    timestamp: record.timestamp,
    replayed: timesReplayed(record.headers),
    ...(parsed.valueDropped === undefined ? {} : { valueDropped: parsed.valueDropped }),
    ...(parsed.headersDropped === undefined ? {} : { headersDropped: parsed.headersDropped }),
  }
}

/** Everything of one, for people. */
function block(letter: FoundLetter): string {
  const { record, parsed, failedAt } = letter
  const times = timesReplayed(record.headers)
  const value = parsed.valueDropped === undefined ? shownBytes(record.value, 200) : undefined
  const facts: [string, string | number | undefined][] = [
    ['at', `${record.partition}@${record.offset}`],
    ['failed', timeOf(failedAt)],
    ['cause', parsed.cause],
    ['origin', placeOf(parsed.origin)],
    ['first', parsed.first === undefined ? undefined : `${placeOf(parsed.first)} (${parsed.hops} times a dead letter)`],
    ['group', parsed.group],
    ['tries', parsed.attempts],
    ['replayed', times === 0 ? undefined : `${times} times`],
    ['key', shownBytes(record.key, 200) ?? '(null)'],
    [
      'value',
      parsed.valueDropped === undefined ? (value ?? '(null)') : `${parsed.valueDropped} bytes, left off: too large`,
    ],
    ['error', parsed.exception],
    ['message', parsed.message],
    ['stack', parsed.stack?.replaceAll('\n', '\n            ')],
  ]
  const lines = facts.filter(([, fact]) => fact !== undefined && fact !== '')
  return `${lines.map(([name, fact]) => `  ${name.padEnd(8)}  ${fact}`).join('\n')}\n`
}

interface Totals {
  topic: string
  records: number
  letters: number
  causes: ReadonlyMap<string, number>
  limit: number
}

function summary({ topic, records, letters, causes, limit }: Totals): string {
  if (letters === 0) return `No such dead letter among the ${records} records of ${topic}.`
  const counts = [...causes].map(([cause, many]) => `${cause} ${many}`).join(', ')
  const more = letters > limit ? ` ${letters - limit} more are not shown; --limit ${letters} shows all.` : ''
  return `\n${letters} dead letters among ${records} records of ${topic}: ${counts}.${more}`
}

function placeOf(place: Place | undefined): string {
  return place === undefined ? '' : `${place.topic}[${place.partition}]@${place.offset}`
}

function timeOf(ms: number): string {
  return isoOf(ms)?.replace(/\.\d+Z$/, 'Z') ?? ''
}

function isoOf(ms: number): string | undefined {
  return ms < 0 ? undefined : isoTime(ms)
}

/** Another's error must neither break the table nor speak to the terminal. */
function oneLine(text: string): string {
  const line = text.replaceAll(/[\p{Cc}]+/gu, ' ')
  return line.length > MAX_ERROR_CHARACTERS ? `${line.slice(0, MAX_ERROR_CHARACTERS)}…` : line
}
