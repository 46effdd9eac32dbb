/** Which brokers and which settings a measured work has: as `zk run` would take them from the same flags and file. */
import type { ClientConfig, ClientInput } from '../../config/client-config.js'
import { parseClientConfig, parseWorkConfig } from '../../config/parse-config.js'
import type { WorkConfig, WorkInput } from '../../config/work-config.js'
import { type Fields, readConfigFile } from '../config-file.js'
import { type ConnectionFlags, givenConnection } from '../connection-options.js'
import type { Concurrency } from './figures.js'

export const HELP = 'zk bench --help'

/** What is the bench's own, or would write to topics of others. A `groupPrefix` stays: its groups may be the only allowed ones. */
const NOT_MEASURED = [
  ...['topic', 'topics', 'groupId', 'clientId', 'groupInstanceId', 'processor'],
  ...['speedup', 'concurrency', 'deadLetterTopic', 'crashJournal', 'onDone', 'processDelayMs'],
  // The backlog is read from its beginning, and a message that fails is counted, once and at once.
  ...['autoOffsetReset', 'onExhausted', 'retry', 'circuitBreaker'],
]

/**
 * @param embedded the address of the embedded broker, where that is measured on
 * @param concurrency of the work; the file's `maxConcurrency` bounds 'auto' and contradicts a number
 */
export async function givenConfig(
  flags: ConnectionFlags,
  embedded: string | undefined,
  concurrency: Concurrency = 1,
): Promise<{ client: ClientInput; work: Fields }> {
  const notMeasured = concurrency === 'auto' ? NOT_MEASURED : [...NOT_MEASURED, 'maxConcurrency']
  if (embedded === undefined) {
    const { client, work } = await givenConnection(flags, HELP)
    return { client, work: without(work, notMeasured) }
  }
  const { work } = flags.config === undefined ? { work: {} } : await readConfigFile(flags.config)
  return {
    client: { bootstrapServers: embedded.split(',') },
    // How to reach brokers that are not these.
    work: without(work, [...notMeasured, 'additionalProps']),
  }
}

/** Checked, for whoever writes and reads topics besides. @throws ZkError ZK_CONFIG_* */
export async function connectionConfig(
  flags: ConnectionFlags,
  embedded: string | undefined,
): Promise<{ client: ClientConfig; work: WorkConfig }> {
  const given = await givenConfig(flags, embedded)
  const client = parseClientConfig(given.client)
  const { additionalProps } = given.work as Partial<WorkInput>
  const name = `zk-bench-${process.pid}`
  const input = { topic: name, groupId: name, processor: 'none', additionalProps, speedup: 1 }
  return { client, work: parseWorkConfig(input, client) }
}

/** Whether the flags or the file name brokers. */
export async function namesBrokers(flags: ConnectionFlags): Promise<boolean> {
  if (flags.brokers !== undefined) return true
  if (flags.config === undefined) return false
  const { client } = await readConfigFile(flags.config)
  return client.bootstrapServers !== undefined
}

function without(fields: Fields, names: readonly string[]): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([name]) => !names.includes(name)))
}
