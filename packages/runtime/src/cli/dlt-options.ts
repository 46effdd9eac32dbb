/** What `zk dlt ls` and `zk dlt replay` have in common: which topic, and which of its records. */
import { type Command, InvalidArgumentError } from 'commander'
import type { ClientConfig } from '../config/client-config.js'
import { parseClientConfig, parseWorkConfig } from '../config/parse-config.js'
import type { WorkConfig, WorkInput } from '../config/work-config.js'
import type { LetterFilter } from '../delivery/letter-filter.js'
import { type ConnectionFlags, givenConnection, withConnectionOptions } from './connection-options.js'
import { list, topicNames } from './options.js'

export interface LetterFlags extends ConnectionFlags {
  topic: string[]
  cause?: string[]
  key?: Buffer
  origin?: string
  since?: number
  until?: number
  json?: boolean
}

export function withLetterOptions(command: Command): Command {
  return withConnectionOptions(command)
    .requiredOption('--topic <name>', 'the dead letter topic', oneTopic)
    .option('--cause <names>', 'only these: error, timeout, out-of-memory, exit, crash, process-crash', list)
    .option('--key <key>', 'only this key; 0x… for bytes that are no text', keyBytes)
    .option('--origin <topic>', 'only what came from this topic')
    .option('--since <time>', 'only what failed from then on: 2026-08-01T12:00Z, or 15m, 2h, 7d ago', pointInTime)
    .option('--until <time>', 'only what failed before then', pointInTime)
    .option('--json', 'one JSON object a line on stdout')
}

export function filterOf({ cause, key, origin, since, until }: LetterFlags): LetterFilter {
  return { causes: cause, key, origin, since, until }
}

/** Checked, and made, as `zk run` does it; of a file only what concerns the way to the brokers. @throws ZkError ZK_CONFIG_* */
export async function configOf(flags: LetterFlags, help: string): Promise<{ client: ClientConfig; work: WorkConfig }> {
  const given = await givenConnection(flags, help)
  const client = parseClientConfig(given.client)
  const { additionalProps } = given.work as Partial<WorkInput>
  // It joins no group; librdkafka wants a name all the same.
  const input = { topics: flags.topic, groupId: 'zk-dlt', processor: 'none', additionalProps, speedup: 1 }
  return { client, work: parseWorkConfig(input, client) }
}

export function oneTopic(text: string): string[] {
  const names = topicNames(text)
  if (names.length !== 1) throw new InvalidArgumentError('Expected one topic.')
  return names
}

function keyBytes(text: string): Buffer {
  const hex = /^0x((?:[0-9a-fA-F]{2})*)$/.exec(text)?.[1]
  return hex === undefined ? Buffer.from(text) : Buffer.from(hex, 'hex')
}

const AGO_MS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }

export function pointInTime(text: string): number {
  const [, count, unit] = /^(\d+)([smhd])$/.exec(text) ?? []
  if (count !== undefined) return Date.now() - Number(count) * AGO_MS[unit!]!
  const time = /^\d{13}$/.test(text) ? Number(text) : /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN
  if (Number.isNaN(time)) {
    throw new InvalidArgumentError(
      'Expected a time, such as 2026-08-01T12:00Z, or how long ago, such as 15m, 2h or 7d.',
    )
  }
  return time
}
