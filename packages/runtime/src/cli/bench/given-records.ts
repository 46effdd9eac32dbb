/** Which messages a processor is measured on, and how many of them are written. */
import { errors } from '../../errors.js'
import { HELP } from './bench-config.js'
import { generatedRecords, type SampleRecord, storedBytes } from './sample.js'

/** What the command line says of them. */
export interface GivenRecords {
  messages?: number
  keys: number
  size: number
  value?: Buffer[]
  sample?: SampleRecord[]
  topic?: [string]
}

/** Nearly a second of the shortest handlers. */
const MESSAGES = 1_000_000
/** Of a topic so many different records are used. */
const TOPIC_RECORDS = 20_000
const BACKLOG_BYTES = 224 * 1024 * 1024

/** @throws ZkError ZK_CLI_USAGE where the topic is empty */
export async function recordsFor(
  { topic, sample, value, size, keys, messages = MESSAGES }: GivenRecords,
  read: (topic: string, limit: number) => Promise<SampleRecord[]>,
): Promise<SampleRecord[]> {
  if (sample !== undefined) return sample
  if (topic === undefined) return generatedRecords(Math.min(keys, messages), value ?? [Buffer.alloc(size, 'x')])
  const records = await read(topic[0], TOPIC_RECORDS)
  if (records.length === 0) throw errors.ZK_CLI_USAGE(`topic ${topic[0]} has no messages to measure with`, HELP)
  return records
}

/**
 * @param room how many such records the embedded broker keeps; undefined where it is not measured on
 * @throws ZkError ZK_CLI_USAGE where more are wanted
 */
export function backlogOf(
  { messages }: GivenRecords,
  records: readonly SampleRecord[],
  room = Number.POSITIVE_INFINITY,
): number {
  const fitting = Math.max(1, Math.min(MESSAGES, Math.floor(BACKLOG_BYTES / storedBytes(records))))
  const wanted = messages ?? Math.min(fitting, room)
  if (wanted <= room) return wanted
  const why =
    `The embedded broker keeps ${room} of ${wanted} such messages: it drops the oldest of a partition beyond 5 MiB or ` +
    '100,000. Give fewer messages or smaller ones, or brokers'
  throw errors.ZK_CLI_USAGE(why, HELP)
}

export function sourceText({ topic, sample, value }: GivenRecords): string {
  if (topic !== undefined) return `topic ${topic[0]}`
  if (sample !== undefined) return 'a sample file'
  return value === undefined ? 'generated' : 'generated, with values of a file'
}
