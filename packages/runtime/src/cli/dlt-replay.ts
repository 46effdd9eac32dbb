import { Command, Option } from 'commander'
import { consumerProperties, producerProperties } from '../config/properties.js'
import { isAskedFor, letterIn } from '../delivery/letter-filter.js'
import { type Replay, replayOf } from '../delivery/replay-record.js'
import { errors } from '../errors.js'
import { withKafka } from '../kafka/load-kafka.js'
import type { ScannedRecord } from '../kafka/topic-scan.js'
import { createLogger } from '../log/create-logger.js'
import { configOf, filterOf, type LetterFlags, oneTopic, withLetterOptions } from './dlt-options.js'
import { count } from './options.js'
import { printJson } from './output.js'
import { ReplayReport } from './replay-report.js'
import { stdoutRoom } from './stdout.js'

interface ReplayFlags extends LetterFlags {
  to?: string[]
  timestamp: 'now' | 'original'
  limit?: number
  execute?: boolean
}

const HELP = 'zk dlt replay --help'
/** Records on their way at once. */
const MAX_OUTSTANDING = 1_000
/** librdkafka gives a record up after delivery.timeout.ms; then nothing can be outstanding. */
const FLUSH_MS = 600_000

export function dltReplayCommand(): Command {
  return withLetterOptions(new Command('replay'))
    .description(
      'Writes dead letters back to the topic they came from, or to another. Without --execute it only says what it would do.',
    )
    .option('--to <topic>', 'write to this topic (default: where each came from)', oneTopic)
    .option('--limit <n>', 'at most so many', count)
    .addOption(
      new Option('--timestamp <which>', 'of the records that are written: that of the replay, or their original one')
        .choices(['now', 'original'])
        .default('now'),
    )
    .option('--execute', 'write them')
    .addHelpText(
      'after',
      `
Key, value and the record's own headers are written as they were; the headers that made it a dead letter are left off. Added
are zk.replayed.from (its place in the dead letter topic) and zk.replayed.count, which tells when a record goes round in circles.
A record goes to the partition it came from; to another topic the partitioner places it (--prop partitioner=murmur2_random, as
Java does). --timestamp original keeps its time, which a topic with short retention may forget at once; without it the time is in
zk.replayed.timestamp. Order is kept within a partition of the dead letter topic.

What went to the topic without its value or without headers (zk.dlt.value.dropped, zk.dlt.headers.dropped) is not written: it
would not be the record that it was.

The dead letters stay where they are: a second replay writes them a second time. --since and --until tell one from the other.
What becomes a dead letter again while it runs is not replayed with it.

Exit codes: 0 all that were found are written (or could be), 1 some could not be; the reasons are listed.

Examples:
  zk dlt replay --brokers localhost:9092 --topic orders.dlt --cause timeout --since 2h
  zk dlt replay --brokers localhost:9092 --topic orders.dlt --key customer-17 --execute
  zk dlt replay --brokers localhost:9092 --topic orders.dlt --to orders.retry --execute --json`,
    )
    .action(replay)
}

async function replay(flags: ReplayFlags): Promise<void> {
  const { execute = false, json = false, timestamp, limit = Number.POSITIVE_INFINITY } = flags
  const [from] = flags.topic as [string]
  const to = flags.to?.[0]
  if (to === from) throw errors.ZK_CLI_USAGE('--to is the dead letter topic itself', HELP)
  const { client, work } = await configOf(flags, HELP)
  const { bootstrapServers } = work
  const properties = consumerProperties(work, client)
  const logger = createLogger({ level: 'error', output: 'stderr' })
  const kafka = await withKafka(async () => ({
    ...(await import('../kafka/topic-scan.js')),
    ...(await import('../kafka/topic-partitions.js')),
    ...(await import('../kafka/producer.js')),
    ...(await import('../kafka/credentials.js')),
  }))
  const credentials = new kafka.Credentials(work, logger)
  await credentials.open()
  const partitions = await kafka.topicPartitions({ properties, bootstrapServers, credentials })
  if (to !== undefined && !partitions.has(to)) throw errors.ZK_TOPIC_NOT_FOUND([to])

  const filter = filterOf(flags)
  const report = new ReplayReport({ from, execute, json })
  const producer = execute
    ? await kafka.createProducer({ properties: producerProperties(work, client), credentials, client: 'auto', logger })
    : undefined
  const sent = new Map<number, { record: ScannedRecord; replay: Replay & { record: object } }>()
  const channel = producer?.channel({
    delivered: (token, error, partition, offset) => {
      const { record, replay } = sent.get(token)!
      sent.delete(token)
      if (error === undefined) report.written(record, replay, { partition, offset })
      else report.skipped(record, `${replay.record.topic} did not take it: ${error.message}`)
    },
  })
  try {
    let token = 0
    const scan = { topic: from, bootstrapServers, properties, credentials, reader: 'auto', logger } as const
    for await (const record of kafka.scanTopic(scan)) {
      const letter = letterIn(record)
      report.read(letter)
      await stdoutRoom()
      if (letter === undefined || !isAskedFor(letter, filter) || token >= limit) continue
      token++
      const replay = replayOf(letter, { to, timestamp, partitions, from })
      if (replay.record === undefined) report.skipped(record, replay.why)
      else if (channel === undefined) report.written(record, replay)
      else {
        sent.set(token, { record, replay })
        channel.send(replay.record, token)
        if (producer!.outstanding >= MAX_OUTSTANDING) await producer!.flush(FLUSH_MS)
      }
    }
    await producer?.flush(FLUSH_MS)
  } finally {
    await producer?.close(0)
    credentials.close()
  }
  if (json) printJson(report.end())
  else report.print()
  if (report.hasSkipped) process.exitCode = 1
}
