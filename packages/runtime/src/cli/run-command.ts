import { Command, Option } from 'commander'
import type { Client } from '../client.js'
import { type WorkInput, workSchema } from '../config/work-config.js'
import { errors } from '../errors.js'
import { watchStrayErrors } from '../health/stray-errors.js'
import type { RunSummary, Work, WorkEvent } from '../index.js'
import { withKafka } from '../kafka/load-kafka.js'
import { createLogger } from '../log/create-logger.js'
import { type Logger, logLevels } from '../log/logger.js'
import { blockedText } from '../work/blocked-text.js'
import { type BatchFlags, batchOf } from './batch-flags.js'
import type { Fields } from './config-file.js'
import { type ConnectionFlags, givenConnection, missing, withConnectionOptions } from './connection-options.js'
import { IdleCollection } from './idle-collection.js'
import { LiveView } from './live-view.js'
import { concurrency, integer, jsonFile, list, port } from './options.js'
import { printJson } from './output.js'
import { report } from './report.js'
import { type EarlySignals, endingSignals } from './signals.js'
import { toldCounters } from './told-counters.js'
import { watchSources } from './watch.js'

const HELP = 'zk run --help'

interface RunFlags extends ConnectionFlags, BatchFlags {
  topic?: string[]
  group?: string
  clientId?: string
  instanceId?: string
  groupProtocol?: 'classic' | 'consumer'
  assignmentStrategy?: string
  speedup?: number
  concurrency?: number | 'auto'
  maxConcurrency?: number
  ordering?: 'key' | 'partition' | 'none'
  affinity?: 'hash' | 'in-flight'
  from?: 'earliest' | 'latest'
  attempts?: number
  timeout?: number
  maxHeapMb?: number
  crashJournal?: string
  drainTimeout?: number
  shutdownTimeout?: number
  stallAfter?: number
  healthPort?: number
  healthHost: string
  delay?: number
  onExhausted?: 'complete' | 'stop'
  dlt?: string
  reader?: 'auto' | 'native' | 'portable'
  waitForTopics?: boolean
  options?: unknown
  untilEnd?: boolean
  watch?: boolean
  json?: boolean
  logLevel?: string
}

export function runCommand(early: EarlySignals): Command {
  return withConnectionOptions(new Command('run'))
    .description('Runs a processor over topics until a signal, with as many pinned threads as you ask for.')
    .argument(
      '[processor]',
      'module whose default export has process(message, ctx) or processBatch(messages, ctx); JavaScript or TypeScript',
    )
    .option('--topic <name>', 'topic to read, or ^pattern; may be repeated', list)
    .option('--group <id>', 'consumer group')
    .option('--client-id <id>', 'name of this process in the brokers’ logs (default: the group and the process id)')
    .option('--instance-id <id>', 'static membership: a name that survives restarts')
    .addOption(
      new Option('--group-protocol <which>', 'consumer: the brokers assign, by KIP-848 (default: classic)').choices([
        'classic',
        'consumer',
      ]),
    )
    .option('--assignment-strategy <names>', 'how the group shares partitions (default: cooperative-sticky)')
    .option('--speedup <n>', 'threads (default: the CPUs that this process may use)', integer)
    .option(
      '--concurrency <n>',
      'handlers of different keys in progress in one thread, or auto: as many as pay (default: 1)',
      concurrency,
    )
    .option('--max-concurrency <n>', 'the most that --concurrency auto rises to (default: 1000)', integer)
    .option('--batch-size <n>', 'most messages in a batch of processBatch (default: 100)', integer)
    .option('--batch-wait <ms>', 'how long a batch that is not full waits for more (default: 10)', integer)
    .addOption(
      new Option('--ordering <what>', 'what stays in order (default: key)').choices(['key', 'partition', 'none']),
    )
    .addOption(
      new Option('--affinity <how>', 'a key stays on one thread for ever, or while it has messages in flight').choices([
        'hash',
        'in-flight',
      ]),
    )
    .addOption(
      new Option('--from <where>', 'where a new group begins (default: earliest)').choices(['earliest', 'latest']),
    )
    .option('--attempts <n>', 'how often a record is tried in all (default: 1)', integer)
    .option('--timeout <ms>', 'deadline of each attempt of a handler; 0: none (default: 60000)', integer)
    .option(
      '--crash-journal <folder>',
      'marks what runs there, to find records that take the whole process with them; needs --client-id',
    )
    .option('--max-heap-mb <n>', 'heap limit of each thread', integer)
    .option('--drain-timeout <ms>', 'longest wait for handlers when partitions are revoked (default: 10000)', integer)
    .option('--shutdown-timeout <ms>', 'longest wait for handlers at the end (default: 25000)', integer)
    .option('--stall-after <ms>', 'a partition that stands still so long is reported (default: 30000)', integer)
    .option('--delay <ms>', 'a record starts so long after its timestamp, or later (default: 0)', integer)
    .addOption(
      new Option(
        '--on-exhausted <what>',
        'a record that failed completes, or the work stops (default: complete)',
      ).choices(['complete', 'stop']),
    )
    .option('--dlt <topic>', 'dead letter topic: where records go that failed for good, see zk dlt')
    .addOption(
      new Option('--reader <kind>', 'default: native where it is built').choices(['auto', 'native', 'portable']),
    )
    .option('--wait-for-topics', 'start although a topic does not exist yet')
    .option('--options <file>', 'JSON file: processorOptions, which setup() gets as thread.options', jsonFile)
    .option('--until-end', 'end when everything that was there at the start has been processed')
    .option('--health-port <n>', 'serve /livez, /readyz, /metrics and /state there by HTTP; 0 takes a free port', port)
    .option('--health-host <address>', 'where: 0.0.0.0 in a pod, and /state on loopback only', '127.0.0.1')
    .option('--watch', 'replace the threads when files of the processor change')
    .addOption(
      new Option('--log-level <level>', 'lines below it are not written (default: LOG_LEVEL, else info)').choices([
        ...logLevels,
        'silent',
      ]),
    )
    .option('--json', 'events as JSON lines on stdout; logs stay on stderr')
    .addHelpText(
      'after',
      `
Examples:
  zk run ./processor.js --brokers localhost:9092 --topic orders --group billing
  zk run ./thumbnails.ts --brokers k1:9092,k2:9092 --topic images --group thumbs --speedup 8 --watch
  zk run ./backfill.js --brokers localhost:9092 --topic orders --group backfill-7 --until-end --json
  zk run ./processor.js --brokers kafka:9092 --topic orders --group billing --health-port 9400 --health-host 0.0.0.0
  zk run --config work.json --speedup 4

SIGTERM and SIGINT drain: what has started is finished and committed. A second one aborts.`,
    )
    .action((processor: string | undefined, flags: RunFlags) => run(processor, flags, early))
}

async function run(processor: string | undefined, flags: RunFlags, early: EarlySignals): Promise<void> {
  const view = process.stderr.isTTY && !flags.json ? new LiveView() : undefined
  const logger = createLogger({
    ...(flags.logLevel === undefined ? {} : { level: flags.logLevel }),
    output: view ?? 'stderr',
  })
  const { createClient } = await withKafka(() => import('../client.js'))
  const given = await givenConnection(flags, HELP)
  const client = createClient(given.client)
  const config = workConfig(processor, flags, given.work)
  const work = client.workFactory({ logger }).create(config)
  // Before anything is consumed: a port that is taken is no reason to repeat records.
  const healthServer = await serve(work, flags, logger)
  const signals = endingSignals(early, (signal) => logger.info({ signal }, 'Draining; a second signal aborts'))
  const stopWatching = flags.watch ? await watchSources(work, logger) : undefined
  // The process is ours: what a callback has left behind must not end it.
  const unwatchErrors = watchStrayErrors()
  const idleCollection = new IdleCollection()
  let ready = false
  view?.start(() => work.state())
  try {
    const summary = await work.run({
      shutdown: signals.shutdown,
      signal: signals.abort,
      untilEnd: flags.untilEnd ?? false,
      processEnds: true,
      stdoutToStderr: true,
      onEvent: (event) => {
        if (event.type === 'assigned' && !ready) {
          ready = true
          if (flags.json) printJson({ event: 'ready' })
        }
        if (flags.json) printJson(told(event))
      },
    })
    view?.stop()
    process.exitCode = conclude(summary, flags, config.shutdownTimeoutMs, signals.exitCode)
  } catch (error) {
    view?.stop()
    process.exitCode = report(error, flags.json ?? false)
    if (flags.json && ready) printJson({ event: 'stopped', ...countersOf(work) })
  } finally {
    unwatchErrors()
    idleCollection.stop()
    stopWatching?.()
    signals.stopListening()
    await closeQuietly(client)
    await healthServer?.close()
  }
}

/** What is finished above a commit may be thousands of numbers, of which no program that reads lines has the use. */
function told({ type, ...fields }: WorkEvent): Record<string, unknown> {
  if (!('offsets' in fields)) return { event: type, ...fields }
  return { event: type, offsets: fields.offsets.map(({ topic, partition, offset }) => ({ topic, partition, offset })) }
}

async function serve(work: Work, { healthPort, healthHost, json }: RunFlags, logger: Logger) {
  if (healthPort === undefined) return undefined
  const { serveHealth } = await import('../health/http-server.js')
  const server = await serveHealth(work, { host: healthHost, port: healthPort })
  const { host, port } = server
  logger.info({ host, port }, 'Serving /livez, /readyz, /metrics, and /state on loopback')
  if (json) printJson({ event: 'health', host, port })
  return server
}

/** A flag wins over the file; checked by `create`. */
function workConfig(processor: string | undefined, flags: RunFlags, file: Fields): WorkInput {
  const { speedup, ordering, affinity, from, maxHeapMb, onExhausted, reader } = flags
  const isNamed = (flags.clientId ?? file.clientId) !== undefined
  // The id that it gets otherwise is another one after each start.
  if ((flags.crashJournal ?? file.crashJournal) !== undefined && !isNamed) {
    throw errors.ZK_CLI_USAGE('--crash-journal needs --client-id, which its files are named after', HELP)
  }
  const given = {
    groupId: flags.group,
    clientId: flags.clientId,
    processor,
    speedup,
    concurrency: flags.concurrency,
    maxConcurrency: flags.maxConcurrency,
    ordering,
    affinity,
    autoOffsetReset: from,
    batch: batchOf(flags, file.batch),
    ...(flags.attempts !== undefined && { retry: { ...(file.retry as object), attempts: flags.attempts } }),
    processTimeoutMs: flags.timeout,
    maxHeapMb,
    crashJournal: flags.crashJournal,
    drainTimeoutMs: flags.drainTimeout,
    shutdownTimeoutMs: flags.shutdownTimeout,
    stallAfterMs: flags.stallAfter,
    processDelayMs: flags.delay,
    onExhausted,
    deadLetterTopic: flags.dlt === undefined ? undefined : withTopic(file.deadLetterTopic, flags.dlt),
    reader,
    waitForTopics: flags.waitForTopics,
    groupInstanceId: flags.instanceId,
    groupProtocol: flags.groupProtocol,
    assignmentStrategy: flags.assignmentStrategy,
    processorOptions: flags.options,
  }
  const { topic, topics, ...others } = file
  const input: Fields = {
    ...others,
    // Both in a file is a mistake, which is told by its check.
    ...(flags.topic === undefined ? defined({ topic, topics }) : { topics: flags.topic }),
    ...defined(given),
  }
  if (input.processor === undefined) throw missing('<processor>', 'processor', flags, HELP)
  if (input.topic === undefined && input.topics === undefined) throw missing('--topic <name>', 'topic', flags, HELP)
  if (input.groupId === undefined) throw missing('--group <id>', 'groupId', flags, HELP)
  return { clientId: `${String(input.groupId)}-${process.pid}`, ...input } as WorkInput
}

/** What goes with the topic stays the file's. */
function withTopic(inFile: unknown, topic: string): unknown {
  return typeof inFile === 'object' ? { ...inFile, topic } : topic
}

function defined(fields: Fields): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))
}

function conclude(
  summary: RunSummary,
  { json }: RunFlags,
  shutdownTimeoutMs: number | undefined,
  signalled: number | undefined,
): number {
  const { blocked, ...counters } = summary
  const late = summary.reason === 'deadline'
  const deadlineMs = workSchema.shape.shutdownTimeoutMs.parse(shutdownTimeoutMs)
  const error = late ? errors.ZK_SHUTDOWN_DEADLINE(deadlineMs, blocked.length, blocked.map(blockedText)) : undefined
  if (error !== undefined) console.error(`${error.code}: ${error.message}`)
  if (json) printJson({ event: 'stopped', ...counters, ...(late ? { blocked } : {}) })
  else console.error(`Stopped (${summary.reason}): ${toldCounters(counters).join(', ')}`)
  return signalled ?? error?.exitCode ?? 0
}

function countersOf(work: Work): Record<string, number> {
  const { counters } = work.state() ?? {}
  const { processed = 0, failed = 0, deadLettered = 0 } = counters ?? {}
  const { redelivered = 0, threadDeaths = 0, committed = 0 } = counters ?? {}
  return { processed, failed, deadLettered, redelivered, threadDeaths, committed }
}

async function closeQuietly(client: Client): Promise<void> {
  await client.close().catch(() => {})
}
