import { writeFileSync } from 'node:fs'
import { constants, cpus, totalmem } from 'node:os'
import type { Ordering } from '@zk/engine'
import { Command, Option } from 'commander'
import { defaultSpeedup } from '../config/cpu-quota.js'
import { errors } from '../errors.js'
import { withKafka } from '../kafka/load-kafka.js'
import { createLogger } from '../log/create-logger.js'
import { type BatchFlags, batchOf } from './batch-flags.js'
import { HELP, namesBrokers } from './bench/bench-config.js'
import { concurrenciesOfWork, seconds, speedups, writable } from './bench/bench-options.js'
import { BenchProgress } from './bench/bench-progress.js'
import { benchEvent, benchTable, leftOutEvent, leftOutNote } from './bench/bench-table.js'
import { embeddedRoom, partitionShares } from './bench/embedded-room.js'
import { byConcurrency, type Concurrency, failedShare, failedText, type Point } from './bench/figures.js'
import { backlogOf, type GivenRecords, recordsFor, sourceText } from './bench/given-records.js'
import { htmlReport } from './bench/html-report.js'
import { checkedWork } from './bench/measured-work.js'
import { type Measured, measureWays } from './bench/plan.js'
import { type Circumstances, type Recommendation, recommend } from './bench/recommend.js'
import { distinctKeys, hottestKey, meanBytes, recordsOfFile, type SampleRecord } from './bench/sample.js'
import { type ConnectionFlags, missing, withConnectionOptions } from './connection-options.js'
import { oneTopic } from './dlt-options.js'
import { count, integer, jsonFile, valueSize, valuesOfFile } from './options.js'
import { printJson } from './output.js'

interface BenchFlags extends ConnectionFlags, BatchFlags, GivenRecords {
  speedup?: number[]
  concurrency?: Concurrency[]
  repeats: number
  seconds: number
  endToEnd: boolean
  on?: 'embedded' | 'brokers'
  options?: unknown
  html?: string
  json?: boolean
}

/** Four times as many handlers each, until that gains nothing. */
const CONCURRENCIES = [1, 4, 16, 64, 256, 1_024, 4_096]
/** In place of the embedded broker's address, before it has one. */
const EMBEDDED = '127.0.0.1:1'

export function benchCommand(): Command {
  return withConnectionOptions(new Command('bench'))
    .description(
      'Measures your processor with several numbers of threads and of handlers in each, and says which to choose.',
    )
    .argument('<processor>', 'module whose default export has process(message, ctx) or processBatch(messages, ctx)')
    .option(
      '--speedup <list>',
      'threads to try, such as 1,2,4 (default: powers of two up to the CPUs, and twice as many)',
      speedups,
    )
    .option(
      '--concurrency <list>',
      'handlers in progress in each thread to try, such as 1,16,100,auto (default: 1, 4, 16 … until no more is gained)',
      concurrenciesOfWork,
    )
    .option('--batch-size <n>', 'most messages in a batch of processBatch (default: 100)', count)
    .option('--batch-wait <ms>', 'how long a batch that is not full waits for more (default: 10)', integer)
    .option(
      '--repeats <n>',
      'runs of each way, of which the medians are shown; two more of those close to the best, unless this is 1 or --concurrency is given',
      count,
      3,
    )
    .option('--seconds <s>', 'how long a run is measured, behind a warm-up', seconds, 1)
    .option('--no-end-to-end', 'do not measure latencies end to end, which take as long again')
    .option('--messages <n>', 'how many messages are written; more than fit into a run gain nothing', count)
    .option('--keys <n>', 'different keys of generated messages: at most so many are in progress', count, 100_000)
    .option('--size <bytes>', 'size of a generated value, which is nothing but x', valueSize, 200)
    .addOption(
      new Option(
        '--value <file>',
        'the value of every generated message; with .jsonl or .ndjson a value a line, used in turn',
      )
        .argParser(valuesOfFile)
        .conflicts(['size', 'sample', 'topic']),
    )
    .addOption(
      new Option(
        '--sample <file>',
        'messages, used in turn: of .jsonl or .ndjson each line is {"value", "key", "headers"}, of others the bytes are a value',
      )
        .argParser(recordsOfFile)
        .conflicts(['size', 'keys', 'topic']),
    )
    .addOption(
      new Option('--topic <name>', 'the first messages of this topic, used in turn; read without any group')
        .argParser(oneTopic)
        .conflicts(['size', 'keys']),
    )
    .addOption(
      new Option(
        '--on <where>',
        'where it is measured: embedded, a broker in this process, or in topics of its own on --brokers, deleted at the end (default: brokers if there are any and no --topic)',
      ).choices(['embedded', 'brokers']),
    )
    .option('--options <file>', 'JSON file: processorOptions', jsonFile)
    .option('--html <file>', 'write a report with plots, one file that needs no other', writable)
    .option('--json', 'one JSON object a line on stdout')
    .addHelpText('after', TEACHES)
    .action(bench)
}

const TEACHES = `
How to read the table:
  gain               throughput against the first line.
  conc.              handlers that may be in progress in each thread; of auto what it came to, in brackets.
  efficiency         what each thread more has brought, at the same concurrency. 100 %: every thread counts in full.
  handler            from the call of process() until its promise has ended; of processBatch() each message's share of that.
                     It grows with concurrency where handlers wait for each other: in the thread, or in a database that
                     gives no more.
  end to end         from the message's timestamp until it is finished, at half of the throughput, or of what the most frequent
                     key allows, at most 1,000 messages/s
                     (timestamps have milliseconds).
  threads busy       share of the time in which the event loop of each thread worked. Near 100 %: the handler computes, and only
                     more threads help, up to the number of cores. Near 0: it waits, and concurrency helps.
  lanes used         share of the time in which the handlers that may be in progress were. Much less than 100 %: messages do not
                     come fast enough, or too few different keys do.
  main busy          event loop of the main thread, which reads and commits. Near 100 %: the handler is too short to be
                     shared out to more threads.

The recommendation is the way with the fewest threads, then the lowest concurrency, that reaches 95 % of the best throughput, or
94 % with fewer threads where that is no more than noise. Ways in which more messages fail than with a single handler are left
out, where that is more than chance explains.

The handler really runs, on every message and in every run: what it writes to a database it writes. Where that pays, up to 4,096
of them in each thread call their service at once; --concurrency bounds it. What it sends by ctx.send goes
to the broker that is measured on: with --topic that is the embedded one, unless you say --on brokers.

Examples:
  zk bench ./processor.js                                                  finds out by itself
  zk bench ./processor.js --speedup 1,2,4,8 --concurrency 1 --size 1024    exactly these
  zk bench ./processor.js --speedup 1 --concurrency 16,100,auto            how near auto comes to a number
  zk bench ./processor.ts --sample orders.jsonl --html report.html         your messages, and plots
  zk bench ./processor.ts --brokers localhost:9092 --topic orders          those of a topic, whose groups notice nothing
  zk bench ./processor.js --brokers localhost:9092 --seconds 5             on your cluster, in topics of its own
docs/guides/choosing-speedup.md tells more.`

async function bench(processor: string, flags: BenchFlags): Promise<void> {
  const { json = false, html } = flags
  const hasBrokers = await namesBrokers(flags)
  if (!hasBrokers && (flags.topic !== undefined || flags.on === 'brokers')) {
    throw missing('--brokers <list>', 'bootstrapServers', flags, HELP)
  }
  const on = flags.on ?? (hasBrokers && flags.topic === undefined ? 'brokers' : 'embedded')
  const ways = {
    speedups: ascending(flags.speedup ?? speedupsFor(defaultSpeedup().speedup)),
    concurrencies: ascending<Concurrency>(flags.concurrency ?? CONCURRENCIES),
  }
  const subject = { processor, processorOptions: flags.options, batch: batchOf(flags), flags: connectionFlags(flags) }
  const { ordering } = await checkedWork(
    { ...subject, bootstrapServers: on === 'embedded' ? EMBEDDED : undefined },
    ways.speedups.flatMap((speedup) => ways.concurrencies.map((concurrency) => ({ speedup, concurrency }))),
  )
  const { Stage, recordsOfTopic } = await withKafka(() => import('./bench/stage.js'))
  const { runInProcess } = await import('./bench/run-process.js')
  const logger = createLogger({ level: 'error', output: 'stderr' })
  const progress = new BenchProgress(json)
  const records = await recordsFor(flags, (topic, limit) => recordsOfTopic(topic, limit, flags, logger))
  const messages = backlogOf(flags, records, on === 'embedded' ? embeddedRoom(records) : undefined)
  const interrupted = new AbortController()
  /** Once it is interrupted the process ends when all is undone: no error is told, and no other run begins. */
  const unlessInterrupted = <T>(work: Promise<T>): Promise<T> =>
    work.finally(() => interrupted.signal.aborted && new Promise(() => {}))
  const opening = Stage.open({
    isEmbedded: on === 'embedded',
    ...{ flags, records, messages, logger, signal: interrupted.signal },
    onProgress: (written) => progress.writing(written, messages),
  })
  const unhear = onInterrupt(async () => {
    interrupted.abort()
    await (await opening).close()
  })
  const stage = await unlessInterrupted(opening)
  const uneven = turnsOf(records.slice(0, messages), ordering, stage.partitions)
  let measured: Measured
  try {
    let runs = 0
    let aloneUs: number | undefined
    measured = await measureWays({
      ...ways,
      isSelective: flags.concurrency === undefined,
      repeats: flags.repeats,
      run: async (way, place) => {
        const run = progress.run(way, place)
        const { topic, partitions, pacedTopic, bootstrapServers } = stage
        const spec = {
          ...{ ...way, ...subject, bootstrapServers, topic, partitions, messages },
          ...{ hottest: uneven.hottest, aloneUs },
          pacedTopic: flags.endToEnd ? pacedTopic : undefined,
          group: `${topic}-${++runs}`,
          seconds: flags.seconds,
        }
        const pace = (perSecond: number, seconds: number) => stage.pace(perSecond, seconds)
        try {
          const figures = await unlessInterrupted(runInProcess(spec, { progress: run.progress, pace }))
          run.end(figures)
          aloneUs ??= figures.handlerMeanUs
          return figures
        } catch (error) {
          run.failed(error as Error)
          throw error
        }
      },
    })
  } finally {
    progress.end()
    await stage.close().finally(unhear)
  }
  const { points, lost } = measured
  const found = recommend(points, { cores: defaultSpeedup().speedup, ...uneven })
  const notes = [...found.notes, ...fewNotes(points, messages, flags.seconds), ...lost.map(leftOutNote)]
  const recommendation = { ...found, notes }
  // There is nothing that a script could take.
  if (recommendation.speedup === undefined) process.exitCode = 1
  if (json) {
    for (const point of points) printJson(benchEvent(point, points))
    for (const way of lost) printJson(leftOutEvent(way))
    printJson({ event: 'recommendation', ...recommendation })
  } else tell(points, recommendation, flags)
  // Last: what was measured is told, whatever has become of the file's folder.
  if (html !== undefined)
    report(html, htmlReport({ processor, points, recommendation, setting: settingOf(flags, on, records) }))
}

/** Where even the whole backlog takes the fastest way much less time than a run is to be measured. */
function fewNotes(points: readonly Point[], messages: number, wanted: number): string[] {
  const lasted = messages / Math.max(...points.map(({ perSecond }) => perSecond))
  if (lasted >= wanted / 4) return []
  const counted = `${messages.toLocaleString('en-US')} messages last ${lasted.toPrecision(2)} s`
  return [`${counted} at most speed, which is little to measure: give more by --messages, or by --on brokers.`]
}

function report(file: string, html: string): void {
  try {
    writeFileSync(file, html)
  } catch (error) {
    throw errors.ZK_CLI_USAGE(`--html: the report could not be written: ${(error as Error).message}`, HELP)
  }
}

/** What the measuring process needs to reach brokers as this one does; the secrets are in the environment of both. */
function connectionFlags({ config, brokers, sasl, tls, tlsCa, tlsCert, tlsKey, prop }: BenchFlags): ConnectionFlags {
  const given = { config, brokers, sasl, tls, tlsCa, tlsCert, tlsKey, prop }
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
}

function tell(points: readonly Point[], { sentence, notes }: Recommendation, flags: BenchFlags): void {
  console.log(`${benchTable(points)}\n\n${sentence}.`)
  for (const note of notes) console.log(note)
  const worst = points.reduce((most, one) => (failedShare(one) > failedShare(most) ? one : most))
  if (worst.failed === 0) return
  const isMadeUp = flags.value === undefined && flags.sample === undefined && flags.topic === undefined
  console.log(
    `Up to ${failedText(worst)} of the messages failed: ` +
      `${isMadeUp ? '--value <file> or --sample <file> gives messages that it understands' : 'the errors say why'}.`,
  )
}

function settingOf(
  flags: BenchFlags,
  on: 'embedded' | 'brokers',
  records: readonly SampleRecord[],
): [string, string][] {
  return [
    [
      'Messages',
      `${sourceText(flags)}; ${Math.round(meanBytes(records))} bytes on average, ${distinctKeys(records) || 'no'} different keys`,
    ],
    ['Broker', on === 'embedded' ? 'embedded' : 'the given ones'],
    [
      'Machine',
      `${cpus()[0]?.model ?? 'unknown'}, ${defaultSpeedup().reason}, ${Math.round(totalmem() / 2 ** 30)} GiB`,
    ],
    ['Node', `${process.version}, ${process.platform} ${process.arch}`],
    ['Runs', `of ${flags.seconds} s each, the median of those of a way`],
    ['At', new Date().toISOString()],
  ]
}

/** Topics that were made on somebody's cluster do not stay there. @returns what ends the listening */
function onInterrupt(clean: () => Promise<void>): () => void {
  const hear = (signal: NodeJS.Signals) => {
    const code = 128 + constants.signals[signal]
    void clean()
      .catch(() => {})
      .then(() => process.exit(code))
  }
  // The last when a terminal is closed.
  const signals: NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP']
  for (const signal of signals) process.once(signal, hear)
  return () => {
    for (const signal of signals) process.off(signal, hear)
  }
}

/** Of what one message at a time runs, and how uneven it is. */
function turnsOf(
  records: readonly SampleRecord[],
  ordering: Ordering,
  partitions: number,
): Omit<Circumstances, 'cores'> {
  switch (ordering) {
    case 'key':
      return { ordering, turns: distinctKeys(records), hottest: hottestKey(records) }
    case 'partition': {
      const shares = partitionShares(records, partitions)
      return { ordering, turns: shares.filter((share) => share > 0).length, hottest: Math.max(...shares) }
    }
    case 'none':
      return { ordering, turns: 0, hottest: 0 }
  }
}

/** Each once: the first is what the others are compared with. */
function ascending<T extends Concurrency>(given: readonly T[]): T[] {
  return [...new Set(given)].sort(byConcurrency)
}

/** Powers of two up to the CPUs, and twice as many: where handlers wait, more threads get a larger share of the cores beside main and librdkafka. */
function speedupsFor(cpus: number): number[] {
  const list: number[] = []
  for (let n = 1; n < cpus; n *= 2) list.push(n)
  return [...list, cpus, 2 * cpus]
}
